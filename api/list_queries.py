"""Lists and numbers of orders, read from the projection: every such statement of the API."""

from collections.abc import Mapping

from psycopg import sql
from psycopg.rows import TupleRow, class_row, tuple_row

from api.database import Database, Question
from api.order_queries import COLUMNS, OFFSETS
from api.ports import OrderRow, Page
from api.selection import Place, Wanted

HEAD = """
select epoch::text, coalesce((select max(seq) from order_events), 0) from public.projection_pointer
"""
"""The epoch of the feed's numbering, and its last number."""

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


class ListQueries:
    """Many orders, and how many there are."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        some = _PAGE.format(COLUMNS, conjunction(filters))
        rows, totals, heads = await self._database.read(
            Question(some, {**values, "limit": limit}, class_row(OrderRow)),
            _length(wanted),
            Question(HEAD, {}, tuple_row),
        )
        head = heads[0][1] if heads else 0
        return Page(rows, totals[0][0] if totals else 0, head)

    async def next_offsets(self) -> Mapping[int, int]:
        """Return up to where the projection has read each partition."""
        [offsets] = await self._database.read(Question(OFFSETS, {}, tuple_row))
        return dict(offsets)


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


def conjunction(filters: list[sql.SQL]) -> sql.Composable:
    """Return what holds when all of these do."""
    return sql.SQL(" and ").join(filters) if filters else sql.SQL("true")
