"""The data directory: one engine at a time in it, emptied on request, cleared of leftovers."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from local import state
from local.errors import AlreadyRunning, Misconfigured

LOCK = "engine.lock"
CONTENT = ("kafka", "postgres", "logs", "ready", "hold", "ports.json", state.FILE)
LEFTOVERS_TIMEOUT = 5


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold the data directory while the block runs.

    Raises AlreadyRunning when another engine has it, Misconfigured when it cannot be used.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = (directory / LOCK).open("a+")
    except OSError as error:
        raise Misconfigured(
            f"The data directory {directory} cannot be used ({error.strerror}): "
            "choose another with --data-dir or ENGINE_DATA_DIR"
        ) from error
    with file:
        _lock(file, directory)
        yield


def empty(directory: Path) -> None:
    """Remove what an engine keeps there, and nothing else: the folder may hold other things."""
    for name in CONTENT:
        path = directory / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def end_leftovers(directory: Path) -> list[str]:
    """End the processes of an engine that was killed, and return their names."""
    engine = state.read(directory)
    left = {
        found: process.name
        for process in (engine.processes if engine else ())
        if (found := state.alive(process.pid, process.created_at))
    }
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(list(left), timeout=LEFTOVERS_TIMEOUT)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=LEFTOVERS_TIMEOUT)
    return sorted(left.values())


def _lock(file: IO[str], directory: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip() or "unknown"
        engine = state.find_running(directory)
        where = f"pid {pid}, {engine.url}" if engine else f"pid {pid}, still starting"
        raise AlreadyRunning(
            f"An engine is already running on {directory} ({where}): "
            "stop it first, or use another --data-dir"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
