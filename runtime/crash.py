"""For tests of reliability: the named points at which a process can be made to kill itself.

Switched on by ENGINE_CRASH_DIR only; the composition roots hand what is made here to the parts.
"""

import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from runtime.settings import Settings

logger = logging.getLogger(__name__)

Point = Literal[
    "before-append",
    "after-append",
    "before-execute",
    "after-execute",
    "before-resolve",
    "after-resolve",
    "before-commit",
    "after-commit",
]
Reached = Callable[[Point], None]
"""Told of each point as the process gets there."""


def go_on(_point: Point) -> None:
    """Do nothing: nobody may kill this process."""


class CrashPoints:
    """Kills the process once for each file `<directory>/<process>.<point>`, at that point."""

    def __init__(self, directory: Path, process: str, kill: Callable[[], None]) -> None:
        self._directory = directory
        self._process = process
        self._kill = kill

    def __call__(self, point: Point) -> None:
        """Remove the point's file, if there is one, and kill the process."""
        try:
            (self._directory / f"{self._process}.{point}").unlink()
        except FileNotFoundError:
            return
        self._kill()


def crash_points(settings: Settings) -> Reached:
    """Return what the process is to call at its points; as it is shipped, something idle."""
    if settings.crash_dir is None:
        return go_on
    logger.warning("this process can be made to kill itself: ENGINE_CRASH_DIR is set")
    return CrashPoints(settings.crash_dir, settings.process, _kill_this_process)


def _kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
