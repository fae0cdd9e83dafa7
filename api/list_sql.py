"""The statements of a list: pure, from what is wanted to the SQL that reads one page of it.

Every page is read along one index, from its place on. Whatever else is wanted is looked for among
the next `SCANNED` orders there and no further, so that no page costs more than that, however rare
it is: such a page may hold fewer orders than it could, and the next one goes on behind them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from psycopg import sql

from api.rows import OrderRow
from api.selection import Place, Wanted
from orders.state import Status

SCANNED = 2_500
"""How many orders are looked at for one page."""

Path: TypeAlias = Literal[
    "order_id", "client_order_id", "tag", "user_id", "pair", "statuses", "everything"
]
"""What of the wish a page is read along: the name of a filter, or all orders."""

_PATHS: tuple[Path, ...] = ("order_id", "client_order_id", "tag", "user_id", "pair", "statuses")
NAMES = tuple(field.name for field in fields(OrderRow))
"""The columns of an `OrderRow`, in the sequence of a page's rows."""

_MOVING: frozenset[Status] = frozenset({"pending", "executing"})
"""The statuses of one stage; each other status is a stage of its own."""

_COLUMNS = sql.SQL(", ").join(map(sql.Identifier, NAMES))
_OF_ORDERS = sql.SQL(", ").join(sql.Identifier("k", name) for name in NAMES)
# A label has its order's place: that is the sequence in which the index gives them.
_OF_LABELS = sql.SQL(", ").join(
    sql.Identifier("k" if name in {"created_at", "order_id"} else "o", name) for name in NAMES
)
_KEYS = sql.SQL("k.created_at, k.order_id")
_ORDERS, _LABELS = sql.SQL("orders k"), sql.SQL("order_labels k")
_LABELLED = sql.SQL("order_labels k join orders o on o.order_id = k.order_id")
_ALONG = {
    "order_id": sql.SQL("k.order_id = %(order_id)s"),
    "client_order_id": sql.SQL("k.kind = 'client' and k.label = %(client_order_id)s"),
    "tag": sql.SQL("k.kind = 'tag' and k.label = %(tag)s"),
    "user_id": sql.SQL("k.user_id = %(user_id)s"),
    "pair": sql.SQL("k.token_in = %(token_in)s and k.token_out = %(token_out)s"),
    # The condition of the index of all orders: only who repeats it reads along that one.
    "everything": sql.SQL("k.partition >= 0"),
}
_FITS = {
    "order_id": sql.SQL("order_id = %(order_id)s"),
    "client_order_id": sql.SQL("client_order_id = %(client_order_id)s"),
    "tag": sql.SQL("%(tag)s = any(tags)"),
    "user_id": sql.SQL("user_id = %(user_id)s"),
    "pair": sql.SQL("token_in = %(token_in)s and token_out = %(token_out)s"),
    "statuses": sql.SQL("status = any(%(statuses)s)"),
    "order_type": sql.SQL("order_type = %(order_type)s"),
    "venue": sql.SQL("selected_dex = %(venue)s"),
    "cancel_requested": sql.SQL("cancel_requested = %(cancel_requested)s"),
}
_SIZES = {
    "user_id": sql.SQL(
        "coalesce((select n from order_counts where scope = 'user' and key = %(user_id)s), 0)"
    ),
    "statuses": sql.SQL(
        "(select coalesce(sum(n), 0)::bigint from order_counts "
        "where scope = 'status' and key = any(%(met)s))"
    ),
}
_FEW = sql.SQL("(select count(*) from (select from {} where {} limit {}) few)")
_OF_ORDER_LABELS = frozenset({"client_order_id", "tag"})
_BOUNDS = {
    "created_from": sql.SQL("k.created_at >= %(created_from)s"),
    "created_to": sql.SQL("k.created_at <= %(created_to)s"),
}
_BEYOND = sql.SQL("(k.created_at, k.order_id) {} (%(place_at)s, %(place_id)s)")
_BRANCH = sql.SQL("select {} from {} where {} order by {} limit {}")
_FITTING = sql.SQL(
    "select {}, true from ({}) s where {} order by created_at {turn}, order_id {turn} "
    "limit %(limit)s"
)
_BOUNDED = sql.SQL(
    "({}) union all (select {}, false from orders where order_id = "
    "(select order_id from ({}) seen offset {})) limit %(limit)s"
)


def paths(wanted: Wanted) -> list[Path]:
    """Return along what a page can be read, the least likely to be long first."""
    given = wanted.filters
    if "order_id" in given:
        return ["order_id"]
    return [path for path in _PATHS if path in given] or ["everything"]


def sizes(some: Sequence[Path], scanned: int = SCANNED) -> sql.Composed:
    """Return the question how many orders stand along each of these; few are counted exactly."""
    return sql.SQL("select {}").format(sql.SQL(", ").join(_size(one, scanned) for one in some))


def page(wanted: Wanted, path: Path, place: Place | None, scanned: int = SCANNED) -> sql.Composed:
    """Return the question for a page: columns of an `OrderRow`, and whether the order fits.

    At most one row does not: the order that was looked at last, when there may be more behind it.
    """
    line = _Line(wanted, path, place)
    given = wanted.filters.keys() - ({path} if _is_whole(wanted, path) else set())
    fits = [fit for name, fit in _FITS.items() if name in given]
    if not fits:
        rows = line.rows(sql.SQL("%(limit)s"))
        return _FITTING.format(_COLUMNS, rows, sql.SQL("true"), turn=line.turn)
    most = sql.Literal(scanned)
    fitting = _FITTING.format(
        _COLUMNS, line.rows(most), sql.SQL(" and ").join(fits), turn=line.turn
    )
    return _BOUNDED.format(fitting, _COLUMNS, line.keys(most), sql.Literal(scanned - 1))


def parameters(wanted: Wanted, place: Place | None, limit: int) -> Mapping[str, object]:
    """Return the values of the questions; one order more than the limit tells that there is one."""
    values = {**wanted.filters, "limit": limit + 1, "statuses": list(wanted.statuses)}
    values["met"] = list(_met(wanted))
    if wanted.pair is not None:
        values |= wanted.pair._asdict()
    if place is not None:
        values |= {"place_at": place.created_at, "place_id": place.order_id}
    return values


def _met(wanted: Wanted) -> frozenset[Status]:
    """The statuses of the orders that are read along the wanted ones."""
    statuses = frozenset(wanted.statuses)
    return statuses if statuses.isdisjoint(_MOVING) else statuses | _MOVING


def _is_whole(wanted: Wanted, path: Path) -> bool:
    """Whether every order along the path fits what the path is named after."""
    return path != "statuses" or _met(wanted) == frozenset(wanted.statuses)


def _size(path: Path, scanned: int) -> sql.Composable:
    if path in _SIZES:
        return _SIZES[path]
    source = _LABELS if path in _OF_ORDER_LABELS else _ORDERS
    return _FEW.format(source, _ALONG[path], sql.Literal(scanned))


@dataclass(frozen=True, slots=True)
class _Line:
    """Orders in the sequence of a list, from a place on."""

    wanted: Wanted
    path: Path
    place: Place | None

    @property
    def turn(self) -> sql.SQL:
        return sql.SQL("asc" if self.wanted.ascending else "desc")

    def rows(self, most: sql.Composable) -> sql.Composable:
        if self.path in _OF_ORDER_LABELS:
            return self._read(_OF_LABELS, _LABELLED, most)
        return self._read(_OF_ORDERS, _ORDERS, most)

    def keys(self, most: sql.Composable) -> sql.Composable:
        return self._read(_KEYS, _LABELS if self.path in _OF_ORDER_LABELS else _ORDERS, most)

    def _read(
        self, columns: sql.Composable, source: sql.Composable, most: sql.Composable
    ) -> sql.Composable:
        order = sql.SQL("k.created_at {turn}, k.order_id {turn}").format(turn=self.turn)
        parts = [
            _BRANCH.format(
                columns, source, sql.SQL(" and ").join((along, *self._bounds)), order, most
            )
            for along in self._along
        ]
        if len(parts) == 1:
            return parts[0]
        # Each is in this sequence already, so the merge reads no more of them than it needs.
        every = sql.SQL(" union all ").join(sql.SQL("({})").format(part) for part in parts)
        return _BRANCH.format(
            sql.SQL("*"), sql.SQL("({}) k").format(every), sql.SQL("true"), order, most
        )

    @property
    def _along(self) -> list[sql.Composable]:
        if self.path != "statuses":
            return [_ALONG[self.path]]
        stages = {"moving" if one in _MOVING else one: None for one in self.wanted.statuses}
        return [sql.SQL("k.stage = {}").format(sql.Literal(one)) for one in stages]

    @property
    def _bounds(self) -> list[sql.Composable]:
        given = self.wanted.filters
        bounds: dict[str, sql.Composable] = {n: b for n, b in _BOUNDS.items() if n in given}
        if self.place is not None:
            # In place of the end that it lies behind: an index is entered at one of them.
            entered, sign = ("created_from", ">") if self.wanted.ascending else ("created_to", "<")
            bounds[entered] = _BEYOND.format(sql.SQL(sign))
        return [*bounds.values()]
