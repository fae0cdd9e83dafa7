"""Programs that tests start: our own, and small ones that do what real ones do in bad moments."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.program import Program
from tests.support.copied import Copied

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
def start_module() -> Iterator[Callable[..., Copied]]:
    """Start what `python -m` with these words would; what still runs is killed after the test."""
    started: list[Copied] = []

    def start(*words: str, **options) -> Copied:
        started.append(Copied(*words, **options))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
