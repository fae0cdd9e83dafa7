"""What an export writes to: a file of JSON lines, or one of comma-separated values."""

import csv
import os
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

from audit.errors import Unusable
from audit.lines import Line, as_json, moment, text_of

COLUMNS = (
    *("partition", "offset", "appended_at", "admitted", "flaw", "order_id", "version", "type"),
    *("occurred_at", "event_id", "causation_id", "correlation_id", "actor"),
    *("key", "key_base64", "value", "value_base64"),
)


class Sink(Protocol):
    """Takes records; what it took is durable when `mark` returns."""

    def write(self, lines: Sequence[Line]) -> None:
        """Take these records."""
        ...

    def mark(self) -> int:
        """Make all that was taken durable and return the size of the output since its beginning."""
        ...

    def close(self) -> None:
        """Let go of the output."""
        ...


class _OneFile:
    """A file that is cut to what counts of it when it is opened, and grows at its end."""

    def __init__(self, out: Path, size: int) -> None:
        if out.stat().st_size < size:
            raise Unusable(f"{out} is shorter than what was exported to it: --fresh begins anew")
        self._file = out.open("r+b")
        self._file.truncate(size)
        self._file.seek(size)

    def mark(self) -> int:
        """Make all that was taken durable and return the file's size in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class JsonLines(_OneFile):
    """One JSON object a line, the same as `engine replay` prints."""

    def write(self, lines: Sequence[Line]) -> None:
        """Take these records."""
        self._file.write(b"".join(map(as_json, lines)))


class Csv(_OneFile):
    """Comma-separated values as RFC 4180 has them, but for its line ends; UTF-8, with a header."""

    def __init__(self, out: Path, size: int) -> None:
        super().__init__(out, size)
        if size == 0:
            self._write([COLUMNS])

    def write(self, lines: Sequence[Line]) -> None:
        """Take these records."""
        self._write([_as_text(row_of(line)) for line in lines])

    def _write(self, rows: Sequence[Sequence[str]]) -> None:
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._file.write(text.getvalue().encode())


def row_of(line: Line) -> tuple[Any, ...]:
    """Return the values of `COLUMNS`; None where the record has no such thing."""
    record, event, flaw, _ = line
    told: tuple[Any, ...] = (None,) * 8
    if event is not None:
        told = (
            *(event.order_id, event.version, event.type, event.occurred_at),
            *(event.event_id, event.causation_id, event.correlation_id, event.actor),
        )
    return (
        *(record.partition, record.offset, record.appended_at, flaw is None),
        *(flaw.value if flaw else None, *told),
        *text_of(record.key),
        *text_of(record.value),
    )


def _as_text(row: tuple[Any, ...]) -> tuple[str, ...]:
    appended_at, admitted, occurred_at = row[2], row[3], row[8]
    texts = ["" if value is None else str(value) for value in row]
    texts[2] = moment(appended_at)
    texts[3] = "true" if admitted else "false"
    texts[8] = occurred_at.isoformat() if occurred_at else ""
    return tuple(texts)
