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

install() { # name of the lock, the rest of what pip needs
    lock=$1
    stamp=.venv/installed-$lock
    { pwd; cat pyproject.toml "$lock"; } >".venv/wanted-$lock"
    if cmp -s ".venv/wanted-$lock" "$stamp"; then return; fi
    say "Installing $lock ($(grep -c '^[a-z0-9]' "$lock") packages)"
    # Python compiles what is imported when it is; pip would compile all there is.
    pip="-m pip install --disable-pip-version-check --no-compile"
    .venv/bin/python $pip --require-hashes --requirement "$lock"
    shift
    if [ $# -gt 0 ]; then .venv/bin/python $pip "$@"; fi
    mv ".venv/wanted-$lock" "$stamp"
}

supported .venv/bin/python || make_venv
install requirements.lock --quiet --no-deps --no-build-isolation --editable .
case ${1:-run} in
    run) .venv/bin/python -m local.class_cache ;;  # it fetches the jars first
    dev) install requirements-dev.lock ;;
esac
