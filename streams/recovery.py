"""A partition's state from the projection: its open orders and where the log goes on."""

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from orders.events import SCHEMA_VERSION
from orders.fold import replay
from orders.state import Closed, Open, Unplaced
from orders.wire import decode, decode_order
from streams.partition import CLOSED_KEPT, Snapshot

_ACTIVE = "select set_config('search_path', schema_name, true) from public.projection_pointer"
_OFFSET = "select next_offset from projection_offsets where partition = %s"
_OPEN = """
select order_id, state::text, state_schema_version from orders
where partition = %s and state is not null
"""
_CLOSED = """
select order_id, not_after from orders
where partition = %(partition)s and state is null and not_after >= (
    select appended_at - %(kept)s from order_events
    where partition = %(partition)s order by "offset" desc limit 1
)
order by not_after
"""
_HISTORY = "select data::text from order_events where order_id = %s order by seq"

Connection = AsyncConnection[TupleRow]


async def read_snapshot(database_url: str, partition: int) -> Snapshot:
    """Return the partition as the projection holds it, all from one database snapshot.

    Raises `psycopg.Error` when the projection cannot be read.
    """
    async with await AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("begin isolation level repeatable read read only")
        active = await (await connection.execute(_ACTIVE)).fetchone()
        if active is None:
            return Snapshot()
        offset = await (await connection.execute(_OFFSET, [partition])).fetchone()
        opened = await (await connection.execute(_OPEN, [partition])).fetchall()
        recent = {"partition": partition, "kept": CLOSED_KEPT}
        closed = await (await connection.execute(_CLOSED, recent)).fetchall()
        return Snapshot(
            next_offset=offset[0] if offset else 0,
            open={row[0]: await _state(connection, *row) for row in opened},
            closed=dict(closed),
        )


async def _state(connection: Connection, order_id: str, state: str, schema_version: int) -> Open:
    if schema_version == SCHEMA_VERSION:
        return decode_order(state)
    history = await (await connection.execute(_HISTORY, [order_id])).fetchall()
    order = replay(decode(data.encode()) for (data,) in history)
    if isinstance(order, Unplaced | Closed):
        raise TypeError(f"order {order_id} is stored as open, its history says {order}")
    return order
