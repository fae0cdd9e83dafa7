"""Rows, seq and offsets in one transaction: the tables are always the fold up to the offsets."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

from psycopg import AsyncConnection

from projections.apart import Folded
from projections.batch import Batch, Reading, after
from projections.copying import CopiedBatch
from projections.lease import Lease
from projections.tables import Diverged, Moves, Tables, enter, moves, stored_offsets
from runtime.crash import Reached, go_on

_FEW = 20
"""So many records are written by one statement: more go faster in pieces, by COPY."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the tables are: the offset to read next of every partition, the last seq given."""

    next_offsets: Mapping[int, int]
    head: int


class Store:
    """The active tables, written by the holder of the lease."""

    def __init__(
        self,
        connection: AsyncConnection,
        lease: Lease,
        position: Position,
        tables: Tables,
        reached: Reached,
    ) -> None:
        self._connection = connection
        self._lease = lease
        self._tables = tables
        self._reached = reached
        self.position = position

    @classmethod
    async def open(
        cls, connection: AsyncConnection, lease: Lease, remembered: int, reached: Reached = go_on
    ) -> "Store":
        """Return the store as it stands; it keeps so many orders in memory.

        Raises `LeaseLost`, `NewerLayout`, psycopg's errors.
        """
        tables = Tables(connection, remembered)
        async with connection.transaction():
            await lease.renew()
            await enter(connection)
            await tables.prepare()
            position = Position(await stored_offsets(connection), await tables.head())
        return cls(connection, lease, position, tables, reached)

    async def apply(self, readings: Sequence[Reading]) -> Batch:
        """Write what these records say, all or nothing, and return it.

        After any exception the store is of no more use: what it remembers may be old. Raises
        `LeaseLost`, `Diverged`, `NewerSchema`, psycopg's errors.
        """
        moved = after((reading.record for reading in readings), self.position.next_offsets)
        seqs = count(self.position.head + 1)
        if len(readings) > _FEW:
            async with self._transaction():
                batch = await self._tables.fold(readings, seqs)
                await self._tables.write(batch, self._lease, *self._place(batch, moved))
        else:
            async with self._connection.pipeline(), self._connection.transaction():
                batch = await self._tables.fold(readings, seqs)
                await self._tables.write_at_once(batch, self._lease, *self._place(batch, moved))
                self._reached("before-commit")
        await self._keep(batch, moved)
        return batch

    async def take(self, folded: Folded) -> CopiedBatch:
        """Write what another process has folded as `apply` would; raise `Diverged` for a gap."""
        was, head = self.position.next_offsets, self.position.head
        if not folded.begin.items() <= was.items():
            raise Diverged(f"the tables end at {was}, what was folded begins at {folded.begin}")
        batch, moved = folded.batch.numbered(head + 1), {**was, **folded.following}
        async with self._transaction():
            await self._tables.write(batch, self._lease, *self._place(batch, moved))
        await self._keep(batch, moved)
        return batch

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        async with self._connection.transaction():
            # Held until the end.
            await self._lease.renew()
            yield
            self._reached("before-commit")

    def _place(self, batch: Batch | CopiedBatch, moved: Mapping[int, int]) -> tuple[Moves, int]:
        return moves(self.position.next_offsets, moved), self._head_after(batch)

    def _head_after(self, batch: Batch | CopiedBatch) -> int:
        return self.position.head + len(batch.events)

    async def _keep(self, batch: Batch | CopiedBatch, moved: Mapping[int, int]) -> None:
        self._reached("after-commit")
        self._tables.keep(batch)
        self.position = Position(moved, self._head_after(batch))
        await self._tables.sweep()
