"""Rows in the binary form of COPY, made by who folds them and numbered by who writes them."""

import secrets
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from psycopg import AsyncConnection, AsyncCopy, sql
from psycopg.abc import Buffer
from psycopg.copy import AsyncWriter

from orders.state import Quarantined
from projections.batch import Known
from projections.counts import Counts

_COPY = "copy {} from stdin (format binary)"
_NUMBER = struct.Struct(">q")
_NUMBERS = 2**63

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Copied:
    """So many rows as COPY takes them; between two pieces belongs the number of a row."""

    pieces: Sequence[bytes]
    rows: int

    def __len__(self) -> int:
        return self.rows

    def numbered(self, first: int) -> "Copied":
        """Return the rows with their numbers, from this one on."""
        whole = [self.pieces[0]]
        for seq, piece in enumerate(self.pieces[1:], first):
            whole += (_NUMBER.pack(seq), piece)
        return Copied((b"".join(whole),), self.rows)


@dataclass(frozen=True, slots=True)
class CopiedBatch:
    """What a batch writes; its orders are remembered where it was folded."""

    events: Copied
    new: Copied
    labels: Copied
    changed: Copied
    counts: Counts
    ended: Sequence[int]
    quarantined: Sequence[Quarantined]

    @property
    def touched(self) -> Mapping[str, Known]:
        """Return nothing to remember."""
        return {}

    def numbered(self, first: int) -> "CopiedBatch":
        """Return the same with the numbers of its events, from this one on."""
        return replace(self, events=self.events.numbered(first))


class Gap:
    """A number that stands where others are to be put: no other eight bytes look like it."""

    def __init__(self) -> None:
        self.number = secrets.randbelow(_NUMBERS)

    def opened(self, copied: Copied) -> Copied:
        """Return the rows in pieces, without this number; raise ValueError when it was no gap."""
        pieces = b"".join(copied.pieces).split(_NUMBER.pack(self.number))
        if len(pieces) != copied.rows + 1:
            raise ValueError(f"{copied.rows} rows in {len(pieces)} pieces")
        return Copied(pieces, copied.rows)


async def copied(
    connection: AsyncConnection, types: Sequence[int], rows: Sequence[Row] | Copied
) -> Copied:
    """Return the rows, of columns of these types, as they would be copied."""
    if isinstance(rows, Copied):
        return rows
    gathered = _Gathered()
    async with (
        connection.cursor() as cursor,
        AsyncCopy(cursor, binary=True, writer=gathered) as copying,
    ):
        await _write_rows(copying, types, rows)
    return Copied((b"".join(gathered.parts),), len(rows))


async def copy(
    connection: AsyncConnection, table: str, types: Sequence[int], rows: Sequence[Row] | Copied
) -> None:
    """Write rows to a table with columns of these types."""
    if not rows:
        return
    statement = sql.SQL(_COPY).format(sql.Identifier(table))
    async with connection.cursor() as cursor, cursor.copy(statement) as copying:
        if isinstance(rows, Copied):
            await copying.write(b"".join(rows.pieces))
        else:
            await _write_rows(copying, types, rows)


async def _write_rows(copying: AsyncCopy, types: Sequence[int], rows: Sequence[Row]) -> None:
    copying.set_types(types)
    for row in rows:
        await copying.write_row(row)


class _Gathered(AsyncWriter):
    def __init__(self) -> None:
        self.parts: list[bytes] = []

    async def write(self, data: Buffer) -> None:
        self.parts.append(bytes(data))
