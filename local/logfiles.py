"""The log files of the processes: read as they grow, and kept from growing for ever."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

MAX_BYTES = 16 * 1024 * 1024
MAX_BEHIND = 256 * 1024


class LogFile:
    """One file that a process appends to while this reads behind it.

    The process holds the file open, so it cannot be moved away: it is copied and cut to nothing.
    """

    def __init__(
        self, path: Path, max_bytes: int = MAX_BYTES, max_behind: int = MAX_BEHIND
    ) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._max_behind = max_behind
        self._position = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def new_lines(self) -> list[str]:
        """Return the complete lines written since the last call; says so when it left some out."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size < self._position:
            self._position, self._rest = 0, b""
        if size == self._position:
            return []
        skipped = size - self._position - self._max_behind
        with self.path.open("rb") as file:
            file.seek(size - self._max_behind if skipped > 0 else self._position)
            grown = self._rest + file.read()
            self._position = file.tell()
        if size > self._max_bytes:
            self._cut()
        *lines, self._rest = grown.split(b"\n")
        if skipped > 0:
            lines[:1] = [b"... %d bytes are only in %s" % (skipped, os.fsencode(self.path))]
        return [line.decode(errors="replace").rstrip() for line in lines]

    def tail(self, count: int) -> list[str]:
        """Return the last lines of the file."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(max(0, self.path.stat().st_size - 8192))
            return [line.decode(errors="replace") for line in file.read().splitlines()[-count:]]

    def _cut(self) -> None:
        # On a full disk the copy fails; then room matters more than old lines.
        with suppress(OSError):
            shutil.copyfile(self.path, self.path.with_suffix(".1.log"))
        os.truncate(self.path, 0)
        self._position = 0
