"""What the person who started the engine sees: a line for each event, and the log of the engine."""

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from local.lines import Line, understand
from local.logfiles import MAX_BYTES

NAME = "engine"
RESET = "\x1b[0m"
COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m", "debug": "\x1b[90m"}


class Console:
    """Writes lines to the terminal; what the engine itself says goes to its log file too."""

    def __init__(self, log_file: Path, *, as_json: bool, out: IO[str] | None = None) -> None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        self._log_file = log_file
        self._as_json = as_json
        self._out = sys.stdout if out is None else out
        self._gone = False

    def say(self, text: str, level: str = "info") -> None:
        """Tell something about the engine as a whole."""
        line, at = Line(NAME, level, text), datetime.now(UTC).isoformat()
        kept = line.as_json(timestamp=at) if self._as_json else f"{at} [{level:<8}] {text}"
        # A full disk must not keep the engine from being stopped in order.
        with suppress(OSError):
            self._keep(kept)
        self._write(kept if self._as_json else self._coloured(line))

    def _keep(self, text: str) -> None:
        if self._log_file.exists() and self._log_file.stat().st_size > MAX_BYTES:
            self._log_file.replace(self._log_file.with_suffix(".1.log"))
        with self._log_file.open("a") as log:
            log.write(f"{text}\n")

    def show(self, process: str, raw: str) -> None:
        """Show a line of a process's log, if it is worth a person's eye."""
        line = understand(process, raw)
        if not line.text or not line.noteworthy:
            return
        if self._as_json:
            self._write(raw if raw.startswith("{") else line.as_json())
        else:
            self._write(self._coloured(line))

    def _coloured(self, line: Line) -> str:
        colour = COLOURS.get(line.level)
        if colour is None or not self._out.isatty():
            return line.readable()
        return f"{colour}{line.readable()}{RESET}"

    def _write(self, text: str) -> None:
        if self._gone:
            return
        # Nobody may be reading any more; that is no reason to stop the engine.
        try:
            self._out.write(f"{text}\n")
            self._out.flush()
        except OSError:
            self._gone = True
            # What is still buffered would be an error again when the interpreter ends.
            with suppress(OSError), Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), self._out.fileno())
