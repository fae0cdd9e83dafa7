"""What the workers ask of the projection: a partition's state, and who placed an order first."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from itertools import islice

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from orders.events import SCHEMA_VERSION
from orders.fold import replay
from orders.state import Closed, Open, Unplaced
from orders.wire import decode, decode_order
from streams.snapshot import CLOSED_KEPT, Snapshot

# In UTC: elsewhere the last moment that a column can hold lies past Python's last year.
_ACTIVE = """
select set_config('search_path', schema_name, true), set_config('timezone', 'UTC', true)
from public.projection_pointer
"""
_NOW = "select clock_timestamp()"
_OFFSET = "select next_offset from projection_offsets where partition = %s"
_OPEN = """
select order_id, state::text, state_schema_version from orders
where partition = %s and orders.open
order by placed_offset
"""
_CLOSED = """
select order_id, not_after from orders
where partition = %(partition)s and not orders.open and not_after >= (
    select appended_at - %(kept)s from order_events
    where partition = %(partition)s order by "offset" desc limit 1
)
order by not_after
"""
_OFFSETS = "select partition, next_offset from projection_offsets"
_PLACED = "select order_id, placed_offset from orders where order_id = any(%s)"
_HISTORY = "select data::text from order_events where order_id = %s order by seq"

_CONNECT_TIMEOUT_S = 5
_SILENCE_MS = 5_000
_READ_TIMEOUT_S = 30
_LOOK_UP_MOST = 5_000
_PORTION = 500

Connection = AsyncConnection[TupleRow]


class ProjectionAway(Exception):
    """The projection cannot be read at the moment; the message says why."""


async def read_snapshot(database_url: str, partition: int) -> Snapshot:
    """Return the partition as the projection holds it, all from one database snapshot.

    Open orders come as they were placed, so that those parked keep their turn. Raises
    `ProjectionAway`.
    """
    async with connect(database_url) as connection, _reading(connection) as found:
        if not found:
            return Snapshot(await _now(connection))
        offset = await (await connection.execute(_OFFSET, [partition])).fetchone()
        opened = await _opened(connection, partition)
        recent = {"partition": partition, "kept": CLOSED_KEPT}
        closed = await (await connection.execute(_CLOSED, recent)).fetchall()
        # Asked for last: a clock set by an earlier time would be as late as all this took.
        return Snapshot(
            await _now(connection),
            next_offset=offset[0] if offset else 0,
            open=opened,
            closed=dict(closed),
        )


async def read_winners(
    connection: Connection, placements: Mapping[int, Mapping[str, int]]
) -> list[tuple[int, str, int]]:
    """Return partition, order id and offset of the first placement of each of these orders.

    `placements` are offsets by order id by partition; those that the projection has not passed yet
    are left out, and those beyond the first 5,000. Raises `ProjectionAway`.
    """
    async with _reading(connection) as found:
        rows = await (await connection.execute(_OFFSETS)).fetchall() if found else []
        passed = {
            order_id: partition
            for partition, next_offset in rows
            for order_id, offset in placements.get(partition, {}).items()
            if offset < next_offset
        }
        if not passed:
            return []
        winners = await (
            await connection.execute(_PLACED, [[*islice(passed, _LOOK_UP_MOST)]])
        ).fetchall()
        return [(passed[order_id], order_id, offset) for order_id, offset in winners]


@asynccontextmanager
async def connect(database_url: str) -> AsyncIterator[Connection]:
    """Open a connection to the projection. Raises `ProjectionAway`."""
    with _away():
        connection = await AsyncConnection.connect(
            database_url,
            autocommit=True,
            connect_timeout=_CONNECT_TIMEOUT_S,
            tcp_user_timeout=_SILENCE_MS,
        )
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def _reading(connection: Connection) -> AsyncIterator[bool]:
    with _away():
        async with asyncio.timeout(_READ_TIMEOUT_S):
            await connection.execute("begin isolation level repeatable read read only")
            yield await (await connection.execute(_ACTIVE)).fetchone() is not None
            await connection.execute("commit")


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, OSError) as error:
        raise ProjectionAway(str(error)) from error


async def _now(connection: Connection) -> datetime:
    now: datetime
    [now] = await (await connection.execute(_NOW)).fetchone() or ()
    return now


async def _opened(connection: Connection, partition: int) -> dict[str, Open]:
    # In portions: all rows at once would take as much room again as the orders themselves.
    async with connection.cursor("opened") as cursor:
        cursor.itersize = _PORTION
        await cursor.execute(_OPEN, [partition])
        states = [await _state(connection, *row) async for row in cursor]
    return {order.placement.order_id: order for order in states}


async def _state(connection: Connection, order_id: str, state: str, schema_version: int) -> Open:
    if schema_version == SCHEMA_VERSION:
        return decode_order(state)
    history = await (await connection.execute(_HISTORY, [order_id])).fetchall()
    order = replay(decode(data.encode()) for (data,) in history)
    if isinstance(order, Unplaced | Closed):
        raise TypeError(f"order {order_id} is stored as open, its history says {order}")
    return order
