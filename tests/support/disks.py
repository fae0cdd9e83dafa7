"""A small disk for an engine's data, full and with room again whenever a test says so.

With the right to mount it is a tmpfs, filled by a file. Without, the processes may write no byte
past the first of any file: as on a full disk, what is there can be read and nothing can grow.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import psutil

CHUNK = bytes(1024 * 1024)
FILE_LIMIT = "ENGINE_TEST_FILE_LIMIT"


class Disk(Protocol):
    """What holds the data."""

    def fill(self) -> None:
        """Leave no room."""

    def make_room(self) -> None:
        """Take back what filled it."""


class Tmpfs:
    """A file system of its own in memory."""

    def __init__(self, directory: Path) -> None:
        self._filler = directory / "filler"

    def fill(self) -> None:
        with suppress(OSError), self._filler.open("wb", buffering=0) as filler:
            while filler.write(CHUNK):
                pass

    def make_room(self) -> None:
        self._filler.unlink()


class FileLimit:
    """A limit on the size of files, set from outside on a supervisor and all that it runs."""

    def __init__(self, supervisor: Callable[[], int]) -> None:
        self._supervisor = supervisor

    def fill(self) -> None:
        self._limit("1")

    def make_room(self) -> None:
        self._limit("unlimited")

    def _limit(self, size: str) -> None:
        supervisor = psutil.Process(self._supervisor())
        # First the one that starts others: what it starts meanwhile has its limit.
        _set(supervisor, size)
        for child in supervisor.children(recursive=True):
            _set(child, size)


def _set(process: psutil.Process, size: str) -> None:
    command = ["prlimit", "--pid", str(process.pid), f"--fsize={size}:"]
    # It may just have ended.
    with suppress(psutil.NoSuchProcess):
        owner: dict[str, Any] = {}
        if os.geteuid() == 0:
            # Not even root may always do it to another user's process.
            owner = {"user": process.uids().real, "group": process.gids().real, "extra_groups": []}
        result = subprocess.run(command, check=False, capture_output=True, **owner)
        assert result.returncode == 0 or not process.is_running(), result.stderr


@contextmanager
def small_disk(directory: Path, megabytes: int, supervisor: Callable[[], int]) -> Iterator[Disk]:
    """Yield the disk that holds the directory, for the engine whose supervisor's pid is returned.

    ENGINE_TEST_FILE_LIMIT=1 takes the way without the right to mount.
    """
    directory.mkdir()
    if not _mount(directory, megabytes):
        yield FileLimit(supervisor)
        return
    try:
        yield Tmpfs(directory)
    finally:
        # Lazily: what still has a file open may keep it.
        subprocess.run(["umount", "--lazy", str(directory)], check=True)  # noqa: S607  (wherever it is)


def _mount(directory: Path, megabytes: int) -> bool:
    if os.geteuid() != 0 or os.environ.get(FILE_LIMIT):
        return False
    options = f"size={megabytes}m,mode=755"
    mount = ["mount", "-t", "tmpfs", "-o", options, "engine-test", str(directory)]
    return subprocess.run(mount, check=False, capture_output=True).returncode == 0
