"""The feed, read from the projection: every such statement of the API."""

from collections.abc import AsyncIterator
from dataclasses import fields
from functools import lru_cache

from psycopg import sql
from psycopg.rows import TupleRow, class_row, tuple_row

from api.database import Database, Question
from api.order_queries import HEAD, OFFSETS
from api.ports import LAST_SEQ, Followed, Picked, ReadModelAway
from api.rows import Change, Changes, FeedRow, OrderRow, OwnedRow, Window
from api.words import status_after
from orders.wire import decode

CHANNEL = "order_events"
WINDOW = 500
RECORDS = 2_000
POLL_S = 1.0

_RECORDS = sql.SQL(
    "select {} from order_events e {} where e.seq > %(after)s and e.seq <= %(upto)s {} "
    "order by e.seq limit %(limit)s"
)
_RECORD = sql.SQL(
    "e.seq, e.order_id, e.version, e.type, e.superseded, e.occurred_at, e.appended_at, "
    "e.data::text as data"
)
_NEWS = sql.SQL(
    "select {}, o.user_id from order_events e left join orders o on o.order_id = e.order_id "
    "where e.seq > %(after)s order by e.seq limit %(limit)s"
).format(_RECORD)
_CHANGES = sql.SQL(
    "select {}, {} from order_events e join orders o on o.order_id = e.order_id "
    "where e.seq > %(after)s and e.seq <= %(upto)s and {} "
    "order by e.seq limit %(limit)s"
)
_RECORD_NAMES = (
    *("seq", "order_id", "version", "type"),
    *("superseded", "occurred_at", "appended_at", "data"),
)
_ORDER_NAMES = tuple(field.name for field in fields(OrderRow))
_OF_ORDER = sql.SQL(", ").join(sql.Identifier("o", field.name) for field in fields(OrderRow))
_FOLLOWED = sql.SQL(
    "(%(everything)s or e.order_id = any(%(order_ids)s) or o.user_id = any(%(user_ids)s))"
)
_ENDS = sql.SQL(
    "p.schema_name, p.epoch::text, coalesce((select max(seq) from {0}.order_events), 0), "
    "array(select array[partition, next_offset] from {0}.projection_offsets)"
)
_OF_ENDS = 4
_ONLY_ENDS = sql.SQL("select {} from public.projection_pointer p")
_FEED = sql.SQL(
    "select {ends}, {no_change} from public.projection_pointer p union all "
    "(select {no_ends}, {record}, {order} from {schema}.order_events e "
    "join {schema}.orders o on o.order_id = e.order_id "
    "where e.seq > %(after)s and e.seq <= %(upto)s and {followed} order by e.seq limit %(limit)s) "
    "order by {seq} nulls first"
)
"""How far the tables go, in a row of its own, the first one, whatever follows: the changes."""
_WANTED = {
    "order_id": sql.SQL("e.order_id = %(order_id)s"),
    "user_id": sql.SQL("o.user_id = %(user_id)s"),
}
_OF_USER = sql.SQL("join orders o on o.order_id = e.order_id and o.user_id = %(user_id)s")
_PICKS = {
    "order_id": sql.SQL("and e.order_id = %(order_id)s"),
    "types": sql.SQL("and e.type = any(%(types)s)"),
}
_COUNTS = sql.SQL("and not e.superseded")


@lru_cache(maxsize=2)
def _ends(schema: str) -> bytes:
    return _ONLY_ENDS.format(_ENDS.format(sql.Identifier(schema))).as_bytes()


@lru_cache(maxsize=2)
def _news(schema: str) -> bytes:
    # As bytes, once: what is put together anew is read anew each time.
    no_change = sql.SQL(", ").join([sql.NULL] * len((*_RECORD_NAMES, *_ORDER_NAMES)))
    return _FEED.format(
        ends=_ENDS.format(sql.Identifier(schema)),
        no_change=no_change,
        no_ends=sql.SQL(", ").join([sql.NULL] * _OF_ENDS),
        record=_RECORD,
        order=_OF_ORDER,
        schema=sql.Identifier(schema),
        followed=_FOLLOWED,
        seq=sql.Literal(_OF_ENDS + 1),
    ).as_bytes()


class FeedQueries:
    """What changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def changes(self, after: int | None, followed: Followed) -> Changes:
        """Return the followed orders' changes in the next window after a `seq`."""
        anybody = followed.everything or bool(followed.order_ids or followed.user_ids)
        if after is None or not anybody:
            seen, upto = await self._database.glance(_ends, {}), LAST_SEQ
        else:
            upto = after + WINDOW
            about = {
                "after": after,
                "upto": upto,
                "limit": WINDOW,
                "order_ids": list(followed.order_ids),
                "user_ids": list(followed.user_ids),
                "everything": followed.everything,
            }
            seen = await self._database.glance(_news, about)
        if not seen:
            raise ReadModelAway("the projection has not been built yet")
        (_, epoch, head, offsets, *_), *rows = seen
        changes = [_change(row[_OF_ENDS:]) for row in rows]
        return Changes(epoch, min(head, upto), head, dict(offsets), changes)

    async def replay(self, after: int, picked: Picked) -> Changes:
        """Return the wanted changes in the next part of the feed after a `seq`."""
        values = {"order_id": picked.order_id, "user_id": picked.user_id}
        filters = [_WANTED[name] for name, value in values.items() if value is not None]
        end = LAST_SEQ if filters else min(LAST_SEQ, after + WINDOW)
        about = {**values, "after": after, "upto": end, "limit": WINDOW}
        some = _CHANGES.format(_RECORD, _OF_ORDER, _all(filters))
        heads, offsets, rows = await self._database.read(
            Question(HEAD, {}, tuple_row),
            Question(OFFSETS, {}, tuple_row),
            Question(some, about, tuple_row),
        )
        if not heads:
            raise ReadModelAway("the projection has not been built yet")
        epoch, head = heads[0]
        changes = [_change(row) for row in rows]
        seen = changes[-1].seq if len(changes) == WINDOW else max(after, min(end, head))
        return Changes(epoch, seen, head, dict(offsets), changes)

    async def records(self, after: int, upto: int | None, picked: Picked) -> Window[FeedRow]:
        """Return the next wanted records after a `seq`, none beyond `upto`.

        An order's and a user's are found by their index, however far they lie apart; else the feed
        is read a window at a time.
        """
        end = LAST_SEQ if upto is None else upto
        if picked.order_id is None and picked.user_id is None:
            end = min(end, after + RECORDS)
        values = {"order_id": picked.order_id, "user_id": picked.user_id}
        about = {**values, "types": list(picked.types), "after": after, "upto": end}
        heads, rows = await self._database.read(
            Question(HEAD, {}, tuple_row),
            Question(_records(picked), {**about, "limit": RECORDS}, class_row(FeedRow)),
        )
        if not heads:
            raise ReadModelAway("the projection has not been built yet")
        epoch, head = heads[0]
        seen = rows[-1].seq if len(rows) == RECORDS else max(after, min(end, head))
        return Window(epoch, seen, head, rows)

    async def news(self, after: int) -> Window[OwnedRow]:
        """Return all records in the next window after a `seq`."""
        about = {"after": after, "limit": RECORDS}
        heads, rows = await self._database.read(
            Question(HEAD, {}, tuple_row), Question(_NEWS, about, class_row(OwnedRow))
        )
        if not heads:
            raise ReadModelAway("the projection has not been built yet")
        epoch, head = heads[0]
        return Window(epoch, rows[-1].seq if rows else after, head, rows)

    def wakes(self) -> AsyncIterator[None]:
        """Yield on each NOTIFY of the projector and about every second."""
        return self._database.notifications(CHANNEL, POLL_S)


def _records(picked: Picked) -> sql.Composed:
    join = sql.SQL("") if picked.user_id is None else _OF_USER
    picks = [pick for name, pick in _PICKS.items() if getattr(picked, name)]
    return _RECORDS.format(
        _RECORD, join, sql.SQL(" ").join(picks if picked.superseded else [*picks, _COUNTS])
    )


def _all(filters: list[sql.SQL]) -> sql.Composable:
    return sql.SQL(" and ").join(filters) if filters else sql.SQL("true")


def _change(row: TupleRow) -> Change:
    record = FeedRow(**dict(zip(_RECORD_NAMES, row, strict=False)))
    order = OrderRow(**dict(zip(_ORDER_NAMES, row[len(_RECORD_NAMES) :], strict=True)))
    event = decode(record.data.encode())
    return Change(
        seq=record.seq,
        order_id=record.order_id,
        user_id=order.user_id,
        version=record.version or 0,
        # Only an order's last event can make it final: what came before it left it open.
        status=order.status if record.version in {order.version, None} else status_after(event),
        event=event,
        record=record,
        order=order,
    )
