"""Orders by their ids, read from the projection: every such statement of the API."""

from collections.abc import Collection
from dataclasses import fields

from psycopg import sql
from psycopg.rows import class_row, tuple_row

from api.database import Database, Question
from api.rows import EventRow, Found, OrderRow, Seen
from orders.topics import partition_of

COLUMNS = sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(OrderRow))
"""The columns of an `OrderRow`."""

OFFSETS = "select partition, next_offset from projection_offsets"
"""Up to where each partition was read."""

HEAD = """
select epoch::text, coalesce((select max(seq) from order_events), 0) from public.projection_pointer
"""
"""The epoch of the feed's numbering, and its last number."""

_NEXT = "select next_offset from projection_offsets where partition = %(partition)s"
_ORDERS = (
    sql.SQL("select {} from orders where order_id = any(%(order_ids)s)").format(COLUMNS).as_bytes()
)
_EVENTS = """
select seq, version, type, superseded, occurred_at, appended_at, data::text as data
from order_events where order_id = %(order_id)s order by seq
"""
_PLACEMENTS = """
select o.order_id, e.data::text
from orders o join order_events e on e.partition = o.partition and e."offset" = o.placed_offset
where o.order_id = any(%(order_ids)s)
"""


class OrderQueries:
    """Orders by their ids."""

    def __init__(self, database: Database, partitions: int) -> None:
        self._database = database
        self._partitions = partitions

    async def orders(self, order_ids: Collection[str]) -> Found[OrderRow]:
        """Return the rows of those of these orders that the projection has."""
        about = {"order_ids": list(order_ids)}
        rows, offsets = await self._database.read(
            Question(_ORDERS, about, class_row(OrderRow)), Question(OFFSETS, {}, tuple_row)
        )
        return Found({row.order_id: row for row in rows}, dict(offsets))

    async def events(self, order_id: str) -> Seen[list[EventRow]]:
        """Return the order's records, oldest first, if the projection has any."""
        about = {"order_id": order_id, "partition": partition_of(order_id, self._partitions)}
        rows, offsets = await self._database.read(
            Question(_EVENTS, about, class_row(EventRow)), Question(_NEXT, about, tuple_row)
        )
        return Seen(rows or None, offsets[0][0] if offsets else 0)

    async def placements(self, order_ids: Collection[str]) -> Found[str]:
        """Return the accepted placements of those orders, as the text that stands in the log."""
        about = {"order_ids": list(order_ids)}
        found, offsets = await self._database.read(
            Question(_PLACEMENTS, about, tuple_row), Question(OFFSETS, {}, tuple_row)
        )
        return Found(dict(found), dict(offsets))
