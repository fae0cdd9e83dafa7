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
CONTENT = ("kafka", "postgres", "logs", "ready", "hold", "scratch", "ports.json", state.FILE)
LEFTOVERS_TIMEOUT = 5


@contextmanager
def held(directory: Path, *, fresh: bool = False) -> Iterator[None]:
    """Hold the data directory while the block runs.

    Raises AlreadyRunning when another engine has it, Misconfigured when it cannot be used, or is
    to be emptied and not an engine's.
    """
    if "," in str(directory):
        raise Misconfigured(
            f"The data directory {directory} has a comma, at which Kafka would split it: "
            "choose another with --data-dir or ENGINE_DATA_DIR"
        )
    if fresh:
        _require_an_engines(directory)
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
        try:
            yield
        finally:
            file.truncate(0)


def empty(directory: Path) -> None:
    """Remove what an engine keeps there, and nothing else: the folder may hold other things.

    Of a symbolic link the link goes; what it points at stays.
    """
    for name in CONTENT:
        path = directory / name
        if path.is_dir() and not path.is_symlink():
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


def holder(directory: Path) -> int | None:
    """Return the pid of the engine that holds the directory, also one that is still starting."""
    file = directory / LOCK
    with suppress(OSError, ValueError, psutil.NoSuchProcess):
        pid, written_at = int(file.read_text()), file.stat().st_mtime
        # A later process with the same number was created after the lock was written.
        if psutil.Process(pid).create_time() < written_at + state.CLOCK_SLACK_SECONDS:
            return pid
    return None


def _require_an_engines(directory: Path) -> None:
    if not directory.is_dir() or (directory / LOCK).exists():
        return
    if any(directory.iterdir()):
        raise Misconfigured(
            f"--fresh would empty {directory}, which is not an engine's: it has no {LOCK}; "
            "leave --fresh out, or choose another folder with --data-dir or ENGINE_DATA_DIR"
        )


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
