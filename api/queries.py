"""Every SQL statement of the API, and the read model made of them."""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import fields
from typing import Any

from psycopg import sql
from psycopg.rows import TupleRow, class_row, tuple_row

from api.database import Database, Question
from api.ports import (
    LAST_SEQ,
    Change,
    Changes,
    EventRow,
    FeedRow,
    Followed,
    Found,
    OrderRow,
    Page,
    Picked,
    Place,
    ReadModelAway,
    Seen,
    Wanted,
    Window,
)
from orders.events import AnyOrderEvent, OrderPlaced
from orders.state import Status
from orders.topics import partition_of
from orders.wire import decode

CHANNEL = "order_events"
WINDOW = 500
RECORDS = 2_000
POLL_S = 1.0

_COLUMNS = sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(OrderRow))
_NEXT = "select next_offset from projection_offsets where partition = %(partition)s"
_ORDERS = (
    sql.SQL("select {} from orders where order_id = any(%(order_ids)s)").format(_COLUMNS).as_bytes()
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
_OFFSETS = "select partition, next_offset from projection_offsets"
_HEAD = """
select epoch::text, coalesce((select max(seq) from order_events), 0) from public.projection_pointer
"""
_RECORDS = sql.SQL(
    "select {} from order_events e {} where e.seq > %(after)s and e.seq <= %(upto)s {} "
    "order by e.seq limit %(limit)s"
)
_RECORD = sql.SQL(
    "e.seq, e.order_id, e.version, e.type, e.superseded, e.occurred_at, e.appended_at, "
    "e.data::text as data"
)
_CHANGES = sql.SQL(
    "select {}, {} from order_events e join orders o on o.order_id = e.order_id "
    "where e.seq > %(after)s and e.seq <= %(upto)s and e.version is not null and {} "
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
_TOTAL = "select n from order_counts where scope = %(scope)s and key = %(key)s"
_COUNT = "select count(*) from orders where status = %(status)s and user_id = %(user_id)s"
_UNFINISHED = ("unfinished", "")
_PAGE = sql.SQL(
    "select {} from orders where {} order by created_at desc, order_id desc limit %(limit)s"
)
_FILTERS = {
    "status": sql.SQL("status = %(status)s"),
    "user_id": sql.SQL("user_id = %(user_id)s"),
    "order_id": sql.SQL("order_id = %(order_id)s"),
}
_AFTER = sql.SQL("(created_at, order_id) < (%(created_at)s, %(after_id)s)")


class Queries:
    """The projection in PostgreSQL, read."""

    def __init__(self, database: Database, partitions: int) -> None:
        self._database = database
        self._partitions = partitions

    async def orders(self, order_ids: Collection[str]) -> Found[OrderRow]:
        """Return the rows of those of these orders that the projection has."""
        about = {"order_ids": list(order_ids)}
        rows, offsets = await self._database.read(
            Question(_ORDERS, about, class_row(OrderRow)), Question(_OFFSETS, {}, tuple_row)
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
            Question(_PLACEMENTS, about, tuple_row), Question(_OFFSETS, {}, tuple_row)
        )
        return Found(dict(found), dict(offsets))

    async def unfinished(self) -> int:
        """Return how many orders have not ended, those at rest left out."""
        [counts] = await self._database.read(_total(*_UNFINISHED))
        return counts[0][0] if counts else 0

    async def page(self, wanted: Wanted, limit: int, after: Place | None) -> Page:
        """Return the newest orders after a place in the list, and the length of the list."""
        values: dict[str, object] = {
            "status": wanted.status,
            "user_id": wanted.user_id,
            "order_id": wanted.order_id,
        }
        filters = [_FILTERS[name] for name, value in values.items() if value is not None]
        if after is not None:
            filters.append(_AFTER)
            values |= {"created_at": after.created_at, "after_id": after.order_id}
        some = _PAGE.format(_COLUMNS, _all(filters))
        rows, totals, heads = await self._database.read(
            Question(some, {**values, "limit": limit}, class_row(OrderRow)),
            _length(wanted),
            Question(_HEAD, {}, tuple_row),
        )
        head = heads[0][1] if heads else 0
        return Page(rows, totals[0][0] if totals else 0, head)

    async def next_offsets(self) -> Mapping[int, int]:
        """Return up to where the projection has read each partition."""
        [offsets] = await self._database.read(Question(_OFFSETS, {}, tuple_row))
        return dict(offsets)

    async def changes(self, after: int | None, followed: Followed) -> Changes:
        """Return the followed orders' changes in the next window after a `seq`."""
        questions: list[Question[Any]] = [
            Question(_HEAD, {}, tuple_row),
            Question(_OFFSETS, {}, tuple_row),
        ]
        anybody = followed.everything or bool(followed.order_ids or followed.user_ids)
        if after is not None and anybody:
            about = {
                "after": after,
                "upto": after + WINDOW,
                "limit": WINDOW,
                "order_ids": list(followed.order_ids),
                "user_ids": list(followed.user_ids),
                "everything": followed.everything,
            }
            some = _CHANGES.format(_RECORD, _OF_ORDER, _FOLLOWED)
            questions.append(Question(some, about, tuple_row))
        heads, offsets, *windows = await self._database.read(*questions)
        if not heads:
            raise ReadModelAway("the projection has not been built yet")
        epoch, head = heads[0]
        upto = min(head, after + WINDOW) if after is not None and anybody else head
        changes = [_change(row) for window in windows for row in window]
        return Changes(epoch, upto, head, dict(offsets), changes)

    async def replay(self, after: int, picked: Picked) -> Changes:
        """Return the wanted changes in the next part of the feed after a `seq`."""
        values = {"order_id": picked.order_id, "user_id": picked.user_id}
        filters = [_WANTED[name] for name, value in values.items() if value is not None]
        end = LAST_SEQ if filters else min(LAST_SEQ, after + WINDOW)
        about = {**values, "after": after, "upto": end, "limit": WINDOW}
        some = _CHANGES.format(_RECORD, _OF_ORDER, _all(filters))
        heads, offsets, rows = await self._database.read(
            Question(_HEAD, {}, tuple_row),
            Question(_OFFSETS, {}, tuple_row),
            Question(some, about, tuple_row),
        )
        if not heads:
            raise ReadModelAway("the projection has not been built yet")
        epoch, head = heads[0]
        changes = [_change(row) for row in rows]
        seen = changes[-1].seq if len(changes) == WINDOW else max(after, min(end, head))
        return Changes(epoch, seen, head, dict(offsets), changes)

    async def records(self, after: int, upto: int | None, picked: Picked) -> Window:
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
            Question(_HEAD, {}, tuple_row),
            Question(_records(picked), {**about, "limit": RECORDS}, class_row(FeedRow)),
        )
        if not heads:
            raise ReadModelAway("the projection has not been built yet")
        epoch, head = heads[0]
        seen = rows[-1].seq if len(rows) == RECORDS else max(after, min(end, head))
        return Window(epoch, seen, head, rows)

    def wakes(self) -> AsyncIterator[None]:
        """Yield on each NOTIFY of the projector and about every second."""
        return self._database.notifications(CHANNEL, POLL_S)


def _records(picked: Picked) -> sql.Composed:
    join = sql.SQL("") if picked.user_id is None else _OF_USER
    picks = [pick for name, pick in _PICKS.items() if getattr(picked, name)]
    return _RECORDS.format(
        _RECORD, join, sql.SQL(" ").join(picks if picked.superseded else [*picks, _COUNTS])
    )


def _length(wanted: Wanted) -> Question[TupleRow]:
    """How many orders a list has; the projection keeps count of all but one sort of list.

    The length of a list of one order is nobody's question.
    """
    if wanted.status is not None and wanted.user_id is not None:
        both = {"status": wanted.status, "user_id": wanted.user_id}
        return Question(_COUNT, both, tuple_row)
    if wanted.user_id is not None:
        return _total("user", wanted.user_id)
    return _total("all", "") if wanted.status is None else _total("status", wanted.status)


def _total(scope: str, key: str) -> Question[TupleRow]:
    return Question(_TOTAL, {"scope": scope, "key": key}, tuple_row)


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
        status=order.status if record.version == order.version else _open_status(event),
        event=event,
        record=record,
        order=order,
    )


def _open_status(event: AnyOrderEvent) -> Status:
    return "pending" if isinstance(event, OrderPlaced) else "executing"
