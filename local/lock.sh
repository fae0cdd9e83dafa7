#!/bin/sh
# Writes requirements.lock and requirements-dev.lock anew from pyproject.toml, for Python 3.11-3.13.
set -eu
cd "$(dirname "$0")/.."

.venv/bin/python -m venv .cache/lock && .cache/lock/bin/python -m pip install --quiet uv
compile() {
    .cache/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header "$@"
}
compile pyproject.toml requirements.in --output-file requirements.lock
compile --group dev --constraint requirements.lock --output-file requirements-dev.lock
