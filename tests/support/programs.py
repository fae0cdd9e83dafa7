"""Programs that tests start: our own, and small ones that do what real ones do in bad moments."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.program import Program

WORKS = "import pathlib, time; pathlib.Path('{ready}').touch(); time.sleep(600)"
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WORKS


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], Program]:
    """Return what makes a program of a script, which says that it is ready by a file."""

    def build(name: str, script: str) -> Program:
        ready = tmp_path / f"{name}.ready"
        return Program(
            name=name,
            command=(sys.executable, "-S", "-c", script.format(ready=ready)),
            ready=ready.exists,
            log_file=tmp_path / f"{name}.log",
            before_start=lambda: ready.unlink(missing_ok=True),
        )

    return build


@pytest.fixture
def start_module() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start `python -m` with these words; all that still run are killed after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str, **options) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-m", *words], **options)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
