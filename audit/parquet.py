"""A folder of Parquet files, one a checkpoint: a file that is there under its name is whole."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from audit.errors import Unusable
from audit.lines import Line
from audit.sinks import COLUMNS, row_of
from audit.state import sync_folder

_WORD = pa.dictionary(pa.int32(), pa.string())
_MOMENT = pa.timestamp("us", tz="UTC")
_TYPES = {
    "partition": pa.int32(),
    "offset": pa.int64(),
    "appended_at": _MOMENT,
    "admitted": pa.bool_(),
    "flaw": _WORD,
    "version": pa.int64(),
    "type": _WORD,
    "occurred_at": _MOMENT,
    "actor": _WORD,
}
SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in COLUMNS])
_VERSION = COLUMNS.index("version")
_MAX_INT8 = 2**63 - 1


class Parts:
    """The parts of one export; what is beyond those that count is removed when it is opened."""

    def __init__(self, out: Path, parts: int) -> None:
        self._out = out
        self._parts = parts
        self._rows: list[tuple[Any, ...]] = []
        there = set(out.iterdir())
        if missing := [self._name(n) for n in range(parts) if self._name(n) not in there]:
            raise Unusable(f"{missing[0]} was exported and is gone: --fresh begins anew")
        for file in there - {self._name(n) for n in range(parts)}:
            if not file.name.startswith("part-"):
                raise Unusable(f"{out} holds {file.name}, which no export wrote: choose another")
            file.unlink()

    def write(self, lines: Sequence[Line]) -> None:
        """Take these records."""
        self._rows += map(row_of, lines)

    def mark(self) -> int:
        """Write what was taken as the next part and return how many there are."""
        if self._rows:
            self._store(pa.Table.from_arrays(arrays_of(self._rows), schema=SCHEMA))
            self._rows.clear()
            self._parts += 1
        return self._parts

    def close(self) -> None:
        """Forget what was taken and is not in a part."""
        self._rows.clear()

    def _store(self, table: pa.Table) -> None:
        part = self._name(self._parts)
        new = part.with_suffix(".new")
        with new.open("wb") as opened:
            pq.write_table(table, opened, compression="zstd")
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(part)
        sync_folder(self._out)

    def _name(self, number: int) -> Path:
        return self._out / f"part-{number:06}.parquet"


def remove(out: Path) -> None:
    """Remove the parts in a folder, and nothing else."""
    with suppress(FileNotFoundError):
        for file in out.glob("part-*"):
            file.unlink()


def arrays_of(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Return the columns of these rows as Parquet holds them; there is at least one row."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    columns[_VERSION] = [_int8(value) for value in columns[_VERSION]]
    return [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]


def _int8(value: int | None) -> int | None:
    return value if value is None or value <= _MAX_INT8 else None
