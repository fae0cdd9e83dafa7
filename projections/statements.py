"""The statements that write rows, made from the columns that the rows have. No I/O here."""

from collections.abc import Iterable
from typing import LiteralString

from psycopg import sql

from projections.lease import RENEW
from projections.orders import CHANGING, OrderRow

CHANGED = (*CHANGING, "order_id")
"""The columns of an `OrderChange`."""

_CHANGING = [sql.Identifier(name) for name in CHANGING]
_GIVEN = sql.SQL("%s::json")
# Nothing without the lease: then nothing is written.
_GIVEN_WHO_HOLDS = sql.SQL("(select %s::json from held)")


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _changes(change: LiteralString) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.SQL(change).format, _CHANGING))


NOTIFY: LiteralString = "select pg_notify('order_events', %s)"
"""Tells who listens the last number given."""

# Two that merge the first row of a kind at the same time would both insert it.
IN_TURN = "select pg_advisory_xact_lock(hashtext('order counts'))"

_COUNT = sql.SQL("""
merge into order_counts c
using json_to_recordset({}) as changed (scope text, key text, change bigint)
on c.scope = changed.scope and c.key = changed.key
when matched then update set n = c.n + changed.change
when not matched then insert values (changed.scope, changed.key, changed.change)
""")
COUNT = _COUNT.format(_GIVEN).as_bytes()
"""Takes each `CountRow`."""

_MOVE = sql.SQL("""
update projection_offsets o set next_offset = moved.next_offset
from json_to_recordset({}) as moved (partition int, was bigint, next_offset bigint)
where o.partition = moved.partition and o.next_offset = moved.was
returning o.partition
""")
MOVE = _MOVE.format(_GIVEN).as_bytes()
"""Takes the offsets that are to be as told, and what they become; answers which were."""

_STAGE = sql.SQL(
    "create temporary table staged_orders on commit delete rows as select {} from orders limit 0"
)
STAGE = _STAGE.format(_names(CHANGED)).as_bytes()
"""Makes the table of many an `OrderChange`."""

_UPDATE = sql.SQL("update orders o set {} from staged_orders s where o.order_id = s.order_id")
UPDATE = _UPDATE.format(_changes("{0} = s.{0}")).as_bytes()
"""Changes the orders for which one is staged."""

_AT_ONCE = sql.SQL("""
with held as ({renew}),
events as (
    insert into order_events select * from json_populate_recordset(null::order_events, {given})
), placed as (
    insert into orders ({row}) select {row} from json_populate_recordset(null::orders, {given})
), labelled as (
    insert into order_labels select * from json_populate_recordset(null::order_labels, {given})
), changed as (
    update orders o set {changes} from json_populate_recordset(null::orders, {given}) as s
    where o.order_id = s.order_id returning o.order_id
), counted as ({count}),
moved as ({move})
select (select count(*) from changed), (select count(*) from moved), ({notify}) from held
""")
AT_ONCE = _AT_ONCE.format(
    renew=sql.SQL(RENEW),
    given=_GIVEN_WHO_HOLDS,
    row=_names(OrderRow._fields),
    changes=_changes("{0} = s.{0}"),
    count=_COUNT.format(_GIVEN_WHO_HOLDS),
    move=_MOVE.format(_GIVEN_WHO_HOLDS),
    notify=sql.SQL(NOTIFY),
).as_bytes()
"""Renews the lease and, when it is held, writes a batch and tells who listens.

Takes the `terms` of the lease; the rows of events, new orders, labels and changes; what `COUNT`,
`MOVE` and `NOTIFY` take. Answers how many orders were changed and how many offsets moved.
"""
