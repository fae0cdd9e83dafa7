"""Rows, seq and offsets in one transaction: the tables are always the fold up to the offsets."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import count

from psycopg import AsyncConnection

from projections.apart import Folded
from projections.batch import Batch, Reading, after
from projections.copying import CopiedBatch
from projections.lease import Lease
from projections.tables import Diverged, Tables, Written, enter, stored_offsets
from runtime.crash import Reached, go_on

_FEW = 3
"""So many records are written without waiting for each statement: a lone one has a dozen, and on a
busy machine each wait is a turn of the others.
"""

_NOTIFY = "select pg_notify('order_events', %s)"


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
            await lease.lock()
            await enter(connection)
            await tables.prepare()
            position = Position(await stored_offsets(connection), await tables.head())
        return cls(connection, lease, position, tables, reached)

    async def apply(self, readings: Sequence[Reading]) -> Batch:
        """Write what these records say, all or nothing, and return it.

        After any exception the store is of no more use: what it remembers may be old. Raises
        `LeaseLost`, `NewerSchema`, psycopg's errors.
        """
        moved = after((reading.record for reading in readings), self.position.next_offsets)
        project = partial(self._tables.project, readings, count(self.position.head + 1))
        return await self._commit(project, moved, few=len(readings) <= _FEW)

    async def take(self, folded: Folded) -> CopiedBatch:
        """Write what another process has folded as `apply` would; raise `Diverged` for a gap."""
        was, head = self.position.next_offsets, self.position.head
        if not folded.begin.items() <= was.items():
            raise Diverged(f"the tables end at {was}, what was folded begins at {folded.begin}")
        write = partial(self._tables.write_copied, folded.batch.numbered(head + 1))
        return await self._commit(write, {**was, **folded.following}, few=False)

    async def _commit(
        self, write: Callable[[], Awaitable[Written]], moved: Mapping[int, int], *, few: bool
    ) -> Written:
        async with (
            self._connection.pipeline() if few else nullcontext(),
            self._connection.transaction(),
        ):
            await self._lease.lock()
            batch = await write()
            head = self.position.head + len(batch.events)
            await self._connection.execute(_NOTIFY, (str(head),))
            await self._tables.move(self.position.next_offsets, moved)
            await self._lease.extend()
            self._reached("before-commit")
        self._reached("after-commit")
        self._tables.keep(batch)
        self.position = Position(moved, head)
        await self._tables.sweep()
        return batch
