#!/bin/sh
# Makes .venv ready: `sh local/bootstrap.sh run` with Kafka's jars and classes, `dev` with the tools of the tests, `venv`
# with neither.
# Needs nothing but a Python 3.11-3.13 with venv; does again only what has changed.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*"; }
fail() { say "$*" >&2; exit 2; }
supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

pick_python() {
    for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if supported "$python"; then say "$python"; return; fi
    done
    fail "This needs Python 3.11, 3.12 or 3.13; found $(python3 --version 2>/dev/null || echo none)." \
        "Install one, or name it: make run PYTHON=/path/to/python3"
}

make_venv() {
    python=$(pick_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv)."
    say "Creating .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

# uv does in a tenth of the time what pip does; it knows nothing of pip's own configuration, so where it cannot install, pip
# does. Neither compiles: Python does that with what is imported.
fetch_uv() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes \
        --requirement local/uv.txt || say "uv cannot be had here: pip will install."
}

add() {
    if [ -x .venv/bin/uv ]; then
        if .venv/bin/uv pip install --python .venv/bin/python "$@"; then return; fi
        say "uv could not install: pip does."
    fi
    .venv/bin/python -m pip install --disable-pip-version-check --no-compile "$@"
}

install() { # name of the lock, what to install besides
    lock=$1
    stamp=.venv/installed-$lock
    { pwd; cat pyproject.toml "$lock"; } >".venv/wanted-$lock"
    if cmp -s ".venv/wanted-$lock" "$stamp"; then return; fi
    [ -x .venv/bin/uv ] || fetch_uv
    say "Installing $lock ($(grep -c '^[a-z0-9]' "$lock") packages)"
    add --require-hashes --requirement "$lock"
    shift
    if [ $# -gt 0 ]; then add "$@"; fi
    mv ".venv/wanted-$lock" "$stamp"
}

# pip comes last: without it the making of .venv was interrupted.
{ supported .venv/bin/python && [ -x .venv/bin/pip ]; } || make_venv
install requirements.lock --no-deps --no-build-isolation --editable .
case ${1:-run} in
    run) .venv/bin/python -m local.class_cache ;;  # it fetches the jars first
    dev) install requirements-dev.lock ;;
esac
