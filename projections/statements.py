"""The statements that write rows, made from the columns that the rows have. No I/O here."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import sql

from projections.history import EventRow
from projections.labels import LabelRow
from projections.orders import CHANGING, OrderRow

_INSERT = sql.SQL("insert into {} values ({})")
_CHANGING = [sql.Identifier(name) for name in CHANGING]
_STAGED = [*_CHANGING, sql.Identifier("order_id")]


def _insert(table: str, columns: Sequence[str]) -> bytes:
    values = sql.SQL(", ").join([sql.Placeholder()] * len(columns))
    return _INSERT.format(sql.Identifier(table), values).as_bytes()


def _changes(change: LiteralString) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.SQL(change).format, _CHANGING))


INSERT_EVENT = _insert("order_events", EventRow._fields)
INSERT_ORDER = _insert("orders", OrderRow._fields)
INSERT_LABEL = _insert("order_labels", LabelRow._fields)

_UPDATE_ONE = sql.SQL("update orders set {} where order_id = %s")
UPDATE_ONE = _UPDATE_ONE.format(_changes("{} = %s")).as_bytes()
"""Takes an `OrderChange`."""

_STAGE = sql.SQL(
    "create temporary table staged_orders on commit delete rows as select {} from orders limit 0"
)
STAGE = _STAGE.format(sql.SQL(", ").join(_STAGED)).as_bytes()
"""Makes the table of many an `OrderChange`."""

_UPDATE = sql.SQL("update orders o set {} from staged_orders s where o.order_id = s.order_id")
UPDATE = _UPDATE.format(_changes("{0} = s.{0}")).as_bytes()
"""Changes the orders for which one is staged."""
