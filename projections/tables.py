"""The tables as their writer sees them: what it must know, and what a batch changes."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import msgspec
from psycopg import AsyncConnection
from psycopg.errors import QueryCanceled

from orders.admission import NotAdmitted
from orders.errors import NewerSchema
from orders.events import SCHEMA_VERSION
from orders.fold import replay
from orders.state import Order
from orders.wire import decode, decode_order
from projections import statements
from projections.batch import CLOSED, Batch, Known, Reading, project
from projections.copying import Copied, CopiedBatch, Gap, Row, copied, copy
from projections.counts import Counts
from projections.lease import RENEW, Lease
from projections.memory import Memory
from projections.schema import require_known
from projections.statements import CHANGED

_ENTER = """
select layout, set_config('search_path', schema_name, false) from public.projection_pointer
"""
_OFFSETS = "select partition, next_offset from projection_offsets"
_HEAD = "select coalesce(max(seq), 0) from order_events"

_KNOWN = """
select order_id, placed_offset, status, state, state_schema_version
from orders where order_id = any(%s)
"""
_HISTORY = "select data from order_events where order_id = %s order by seq"

# The types of the columns, in their order.
_TYPES = """
select array_agg(atttypid order by attnum)
from pg_attribute where attrelid = %s::regclass and attnum > 0 and attgenerated = ''
"""

# Reading an index marks the entries of orders that have ended, so that the next reader, a worker
# that recovers or somebody who lists the open orders, passes over them. Vacuum removes them, but
# only now and then.
_SWEEP = "select count(*) from orders where partition = %s and open"
_SWEEP_LIST = "select count(*) from orders where stage = 'moving'"
_ENDED_BETWEEN_SWEEPS = 5_000


async def enter(connection: AsyncConnection) -> None:
    """Make the active schema the connection's search_path; raise `NewerLayout`."""
    row = await (await connection.execute(_ENTER)).fetchone()
    require_known(row[0] if row else 0)


async def stored_offsets(connection: AsyncConnection) -> dict[int, int]:
    """Return the offset that each partition is to be read from next."""
    return dict(await (await connection.execute(_OFFSETS)).fetchall())


Moves: TypeAlias = Sequence[Mapping[str, int]]
"""Which offsets move: of which partition, as it was and as it is to be."""


class Diverged(Exception):
    """The tables are not as their writer left them, though it alone may write them."""


class Tables:
    """The tables of the schema that the connection's search_path names, with one writer.

    It keeps so many orders in memory; not `alone`, others write other partitions meanwhile. What it
    writes stands when the caller's transaction does; after any exception it is of no more use.
    """

    def __init__(self, connection: AsyncConnection, remembered: int, *, alone: bool = True) -> None:
        self._connection = connection
        self._alone = alone
        self._memory = Memory(remembered)
        self._types: dict[str, Sequence[int]] = {}
        self._ended: Counter[int] = Counter()
        self._ended_in_list = 0
        self._open = 0

    async def head(self) -> int:
        """Return the last seq given."""
        row = await (await self._connection.execute(_HEAD)).fetchone()
        return row[0] if row else 0

    async def prepare(self) -> None:
        """Make the connection ready to write."""
        await self._connection.execute(statements.STAGE)
        for table in ("orders", "staged_orders", "order_events", "order_labels"):
            row = await (await self._connection.execute(_TYPES, (table,))).fetchone()
            self._types[table] = row[0] if row else []

    async def fold(self, readings: Sequence[Reading], seqs: Iterable[int]) -> Batch:
        """Return what these records write; `seqs` number those admitted.

        Raises `NewerSchema`, psycopg's errors.
        """
        return project(readings, await self._known(readings), seqs)

    async def copied(self, batch: Batch, gap: Gap) -> CopiedBatch:
        """Return what was folded as another process writes it; `gap` numbers it."""
        here, types = self._connection, self._types
        made = [await copied(here, types[table], rows) for table, rows in _rows_of(batch)]
        rest = (batch.counts, batch.ended, batch.quarantined)
        return CopiedBatch(gap.opened(made[0]), made[1], made[2], made[3], *rest)

    async def write_unread(self, batch: Batch, moves: Moves) -> None:
        """Write what was folded into tables that nobody reads yet.

        Raises `Diverged`, psycopg's errors.
        """
        async with self._written(batch, moves):
            pass

    async def write(
        self, batch: Batch | CopiedBatch, lease: Lease, moves: Moves, head: int
    ) -> None:
        """Write what was folded, here or by another process, tell who listens, renew the lease.

        Raises `LeaseLost`, `Diverged`, psycopg's errors.
        """
        async with self._written(batch, moves):
            await self._connection.execute(statements.NOTIFY, (str(head),))
            # Held since the transaction began; its time begins anew when that ends.
            renewed = await self._connection.execute(RENEW, lease.terms)
        lease.require(await renewed.fetchone())

    async def write_at_once(self, batch: Batch, lease: Lease, moves: Moves, head: int) -> None:
        """Write what was folded of a few records and renew the lease, by one statement.

        Raises `LeaseLost`, `Diverged`, psycopg's errors.
        """
        rows = (batch.events, batch.new, batch.labels, batch.counts.rows())
        events, new, labels, counts = (_as_json(row._asdict() for row in part) for part in rows)
        changes = _as_json(dict(zip(CHANGED, row, strict=True)) for row in batch.changed)
        values = (*lease.terms, events, new, labels, changes, counts, _as_json(moves), str(head))
        cursor = await self._connection.execute(statements.AT_ONCE, values)
        changed, moved, _ = lease.require(await cursor.fetchone())
        _require_changed(batch, changed)
        _require_moved(moves, moved)

    def keep(self, batch: Batch | CopiedBatch) -> None:
        """Remember what a batch wrote, now that it stands."""
        self._memory.keep(batch.touched)
        self._ended.update(batch.ended)
        self._ended_in_list += len(batch.ended)

    async def sweep(self) -> None:
        """Clear the indexes of open orders where so many have ended since the last time.

        In no transaction. What takes too long is left to the next time; raises psycopg's errors.
        """
        many = _ENDED_BETWEEN_SWEEPS
        for partition in [number for number, ended in self._ended.items() if ended >= many]:
            del self._ended[partition]
            with suppress(QueryCanceled):
                await self._connection.execute(_SWEEP, (partition,))
        # Those that are open are read too: as many as have ended, so that it stays in proportion.
        if self._ended_in_list >= max(many, self._open):
            self._ended_in_list = 0
            with suppress(QueryCanceled):
                cursor = await self._connection.execute(_SWEEP_LIST)
                self._open = (await cursor.fetchone() or (0,))[0]

    async def _known(self, readings: Sequence[Reading]) -> dict[str, Known]:
        verdicts = (reading.verdict for reading in readings)
        ids = {event.order_id for event in verdicts if not isinstance(event, NotAdmitted)}
        known = self._memory.recall(ids)
        if unknown := [order_id for order_id in ids if order_id not in known]:
            rows = await (await self._connection.execute(_KNOWN, (unknown,))).fetchall()
            for order_id, placed_offset, status, state, version in rows:
                order = await self._revived(order_id, state, version)
                known[order_id] = Known(order, placed_offset, status) if order else CLOSED
        return known

    async def _revived(self, order_id: str, state: str | None, version: int) -> Order | None:
        if state is None:
            return None
        if version > SCHEMA_VERSION:
            raise NewerSchema(version, SCHEMA_VERSION)
        if version == SCHEMA_VERSION:
            return decode_order(state)
        rows = await (await self._connection.execute(_HISTORY, (order_id,))).fetchall()
        return replay(decode(data.encode()) for (data,) in rows)

    async def _count(self, changes: Counts) -> None:
        if rows := [row._asdict() for row in changes.rows()]:
            if not self._alone:
                await self._connection.execute(statements.IN_TURN)
            await self._connection.execute(statements.COUNT, (_as_json(rows),))

    @asynccontextmanager
    async def _written(self, batch: Batch | CopiedBatch, moves: Moves) -> AsyncIterator[None]:
        for table, rows in _rows_of(batch):
            await copy(self._connection, table, self._types[table], rows)
        # The rest goes there at once, with the block's: one by one, each waits for its answer.
        async with self._connection.pipeline():
            changed = await self._connection.execute(statements.UPDATE) if batch.changed else None
            await self._count(batch.counts)
            moved = await self._connection.execute(statements.MOVE, (_as_json(moves),))
            yield
        _require_changed(batch, changed.rowcount if changed else 0)
        _require_moved(moves, moved.rowcount)


def _rows_of(batch: Batch | CopiedBatch) -> Iterator[tuple[str, Sequence[Row] | Copied]]:
    yield "order_events", batch.events
    yield "orders", batch.new
    yield "order_labels", batch.labels
    yield "staged_orders", batch.changed


def moves(was: Mapping[int, int], now: Mapping[int, int]) -> Moves:
    """Return which offsets move from where to where."""
    return [
        {"partition": number, "was": was[number], "next_offset": offset}
        for number, offset in now.items()
        if offset != was[number]
    ]


def _require_changed(batch: Batch | CopiedBatch, changed: int) -> None:
    if changed != len(batch.changed):
        raise Diverged(f"of {len(batch.changed)} orders {changed} are there")


def _require_moved(moves: Moves, moved: int) -> None:
    if moved != len(moves):
        raise Diverged(f"of the stored offsets {moved} are those of {moves}")


def _as_json(rows: Iterable[Mapping[str, object]]) -> str:
    return msgspec.json.encode([*rows]).decode()
