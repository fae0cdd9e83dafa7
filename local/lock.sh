#!/bin/sh
# Writes the locks of what is installed anew from pyproject.toml, for Python 3.11-3.13. It needs the uv of .venv.
set -eu
cd "$(dirname "$0")/.."

compile() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header "$@"
}
compile pyproject.toml requirements.in --output-file requirements.lock
compile --group dev --constraint requirements.lock --output-file requirements-dev.lock
echo uv | compile - --output-file local/uv.txt
