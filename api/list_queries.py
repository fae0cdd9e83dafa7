"""Lists and numbers of orders, read from the projection: every such statement of the API."""

from collections.abc import Mapping

from psycopg.rows import TupleRow, tuple_row

from api import list_sql
from api.database import Database, Question
from api.list_sql import Path
from api.order_queries import HEAD, OFFSETS
from api.rows import OrderRow, Page
from api.selection import Place, Wanted

ALONG_AN_INDEX = Question(
    """
    select set_config(name, 'off', true) from unnest(array[
        'enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin',
        'enable_sort', 'enable_incremental_sort', 'jit'
    ]) as name
    union all select set_config('max_parallel_workers_per_gather', '0', true)
    """,
    {},
    tuple_row,
)
"""Has the transaction read lists along their indexes, whatever is expected of the values.

Tables that have just been made have no statistics; and where few or many orders are expected, a
planner would rather read those of another index, by skipping through it, and sort them.
"""

_TOTAL = "select n from order_counts where scope = %(scope)s and key = %(key)s"
_UNFINISHED = ("unfinished", "")
FIRST_ID, LAST_ID = (
    "-".join(digit * length for length in (8, 4, 4, 4, 12)) for digit in ("0", "f")
)
"""No order's ids: what stands before and behind all of a moment."""


class ListQueries:
    """Many orders, and how many there are; `scanned` of them are looked at for one page."""

    scanned = list_sql.SCANNED

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unfinished(self) -> int:
        """Return how many orders have not ended, those at rest left out."""
        [counts] = await self._database.read(_total(*_UNFINISHED))
        return counts[0][0] if counts else 0

    async def page(self, wanted: Wanted, limit: int, place: Place | None) -> Page:
        """Return the orders of a list after a place in it, and the length of the list."""
        path = await self._path(wanted)
        values = list_sql.parameters(wanted, place, limit)
        _, rows, heads, *totals = await self._database.read(
            ALONG_AN_INDEX,
            Question(list_sql.page(wanted, path, place, self.scanned), values, tuple_row),
            Question(HEAD, {}, tuple_row),
            *_length(wanted),
        )
        total = (totals[0][0][0] if totals[0] else 0) if totals else None
        orders = [_order(row) for row in rows if row[-1]]
        seen = [_order(row) for row in rows if not row[-1]]
        after = None
        if len(orders) > limit or (seen and len(orders) == limit):
            after = _after(orders[limit - 1])
        elif seen:
            after = _behind(seen[0], orders, wanted, place)
        return Page(orders[:limit], total, heads[0][1] if heads else 0, after)

    async def next_offsets(self) -> Mapping[int, int]:
        """Return up to where the projection has read each partition."""
        [offsets] = await self._database.read(Question(OFFSETS, {}, tuple_row))
        return dict(offsets)

    async def _path(self, wanted: Wanted) -> Path:
        some = list_sql.paths(wanted)
        if len(some) == 1:
            return some[0]
        values = list_sql.parameters(wanted, None, 0)
        [_, [sizes]] = await self._database.read(
            ALONG_AN_INDEX, Question(list_sql.sizes(some, self.scanned), values, tuple_row)
        )
        return min(zip(sizes, some, strict=True), key=lambda sized: sized[0])[1]


def _behind(seen: OrderRow, orders: list[OrderRow], wanted: Wanted, place: Place | None) -> Place:
    """The place of an order that does not fit; that of another user is not told by its id.

    Then it is a place before it, with none between them that fits.
    """
    if wanted.user_id in {None, seen.user_id}:
        return _after(seen)
    if orders and orders[-1].created_at == seen.created_at:
        return _after(orders[-1])
    if place is not None and place.created_at == seen.created_at:
        return _after(seen)
    return Place(seen.created_at, FIRST_ID if wanted.ascending else LAST_ID)


def _order(row: TupleRow) -> OrderRow:
    return OrderRow(**dict(zip(list_sql.NAMES, row, strict=False)))


def _after(order: OrderRow) -> Place:
    return Place(order.created_at, order.order_id)


def _length(wanted: Wanted) -> list[Question[TupleRow]]:
    """How many orders a list has, where the projection keeps count of them."""
    given = wanted.filters
    if not given:
        return [_total("all", "")]
    if given.keys() == {"user_id"}:
        return [_total("user", wanted.user_id)]
    if given.keys() == {"statuses"} and len(wanted.statuses) == 1:
        return [_total("status", *wanted.statuses)]
    return []


def _total(scope: str, key: object) -> Question[TupleRow]:
    return Question(_TOTAL, {"scope": scope, "key": key}, tuple_row)
