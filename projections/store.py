"""Rows, seq and offsets in one transaction: the tables are always the fold up to the offsets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection

from orders.admission import NotAdmitted
from orders.errors import NewerSchema
from orders.events import SCHEMA_VERSION
from orders.fold import replay
from orders.state import Order
from orders.wire import decode, decode_order
from projections.batch import CLOSED, Batch, Known, Reading, after, project
from projections.history import EventRow
from projections.lease import Lease
from projections.memory import Memory
from projections.orders import PLACED_COLUMNS, OrderRow
from runtime.crash import Reached, go_on

_ENTER = "select set_config('search_path', schema_name, false) from public.projection_pointer"
_STAGE = "create temporary table staged_orders (like orders) on commit delete rows"
_OFFSETS = "select partition, next_offset from projection_offsets"
_HEAD = "select coalesce(max(seq), 0) from order_events"

_KNOWN = """
select order_id, placed_offset, status, state::text, state_schema_version
from orders where order_id = any(%s)
"""
_HISTORY = "select data::text from order_events where order_id = %s order by seq"

_COPY_EVENTS = "copy order_events from stdin"
_COPY_ORDERS = "copy staged_orders from stdin"

_CHANGES = ", ".join(
    f"{column} = excluded.{column}" for column in OrderRow._fields if column not in PLACED_COLUMNS
)
_UPSERT = f"""
insert into orders select * from staged_orders on conflict (order_id) do update set {_CHANGES}
"""  # noqa: S608  (the columns of the table)

_COUNT = """
merge into order_counts c
using unnest(%s::text[], %s::text[], %s::bigint[]) as changed (scope, key, change)
on c.scope = changed.scope and c.key = changed.key
when matched then update set n = c.n + changed.change
when not matched then insert values (changed.scope, changed.key, changed.change)
"""

_MOVE = """
update projection_offsets o set next_offset = moved.next_offset
from unnest(%s::int[], %s::bigint[], %s::bigint[]) as moved (partition, was, next_offset)
where o.partition = moved.partition and o.next_offset = moved.was
"""
_NOTIFY = "select pg_notify('order_events', %s)"


class Diverged(Exception):
    """The tables are not as this projector left them, though it alone may write them."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the tables are: the offset to read next of every partition, the last seq given."""

    next_offsets: Mapping[int, int]
    head: int


async def stored_offsets(connection: AsyncConnection) -> dict[int, int]:
    """Return the offset that each partition is to be read from next."""
    await connection.execute(_ENTER)
    return dict(await (await connection.execute(_OFFSETS)).fetchall())


class Store:
    """The tables, written by the holder of the lease."""

    def __init__(
        self,
        connection: AsyncConnection,
        lease: Lease,
        position: Position,
        memory: Memory,
        reached: Reached,
    ) -> None:
        self._connection = connection
        self._lease = lease
        self._memory = memory
        self._reached = reached
        self.position = position

    @classmethod
    async def open(
        cls, connection: AsyncConnection, lease: Lease, remembered: int, reached: Reached = go_on
    ) -> "Store":
        """Return the store as it stands; it keeps so many orders in memory."""
        async with connection.transaction():
            await lease.lock()
            offsets = await stored_offsets(connection)
            await connection.execute(_STAGE)
            head = await (await connection.execute(_HEAD)).fetchone()
        position = Position(offsets, head[0] if head else 0)
        return cls(connection, lease, position, Memory(remembered), reached)

    async def apply(self, readings: Sequence[Reading]) -> Batch:
        """Write what these records say, all or nothing, and return it.

        After any exception the store is of no more use: what it remembers may be old. Raises
        `LeaseLost`, `NewerSchema`, psycopg's errors.
        """
        moved = after((reading.record for reading in readings), self.position.next_offsets)
        async with self._connection.transaction():
            await self._lease.lock()
            known = await self._known(readings)
            batch = project(readings, known, self.position.head)
            await self._write(batch)
            head = self.position.head + len(batch.events)
            await self._move(moved, head)
            await self._lease.renew()
            self._reached("before-commit")
        self._reached("after-commit")
        self._memory.keep(batch.touched)
        self.position = Position(moved, head)
        return batch

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

    async def _write(self, batch: Batch) -> None:
        if batch.events:
            await self._copy(_COPY_EVENTS, batch.events)
        if batch.orders:
            await self._copy(_COPY_ORDERS, batch.orders)
            await self._connection.execute(_UPSERT)
        if counts := list(batch.counts.rows()):
            await self._connection.execute(
                _COUNT, [list(column) for column in zip(*counts, strict=True)]
            )

    async def _copy(self, statement: str, rows: Iterable[EventRow] | Iterable[OrderRow]) -> None:
        async with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                await copy.write_row(row)

    async def _move(self, moved: Mapping[int, int], head: int) -> None:
        was = self.position.next_offsets
        changed = [partition for partition in moved if moved[partition] != was[partition]]
        values = (changed, [was[p] for p in changed], [moved[p] for p in changed])
        cursor = await self._connection.execute(_MOVE, values)
        if cursor.rowcount != len(changed):
            raise Diverged(f"the stored offsets of {changed} are not {values[1]}")
        await self._connection.execute(_NOTIFY, (str(head),))
