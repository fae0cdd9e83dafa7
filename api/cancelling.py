"""Cancelling many orders with one request: which they are, and what came of each."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from api import changing_errors, errors, exact, schemas
from api.callers import Caller
from api.changing_schemas import MOST, CancelAnswer, CancelResult
from api.errors import Refusal
from api.list_filters import OPEN, pair_of_text
from api.lookup import known_form
from api.members import require_known
from api.parts import Parts
from api.placement import is_user_id
from api.placing_errors import INVALID_ORDER_TYPE
from api.positions import Position
from api.rows import OrderRow
from api.scopes import Scope
from api.selection import Pair, Place, Wanted
from api.wishing import Asker
from api.words import FINAL
from orders.values import OrderType

_TYPES: tuple[OrderType, ...] = get_args(OrderType)
_MOST_PAGES = 40
_NAMES = frozenset({"userId", "orderIds", "all"})
_CHOOSING = frozenset({"orderType", "pair"})


@dataclass(frozen=True, slots=True)
class Choice:
    """All open orders that fit, or of those with these ids the ones of that type and pair."""

    wanted: Wanted
    order_ids: tuple[str, ...] = ()


def choice_of(document: Mapping[str, object], caller: Caller) -> Choice:
    """Return which orders are to end; raise `Refusal` for what names none or others' orders."""
    # A misspelt choice, passed over, would end more orders than were meant.
    kind = changing_errors.INVALID_CANCEL
    require_known(document, _NAMES | _CHOOSING, kind, kind.message)
    given = [name for name in _NAMES if document.get(name) is not None]
    if len(given) != 1:
        raise Refusal(changing_errors.INVALID_CANCEL)
    order_type, pair = document.get("orderType"), document.get("pair")
    if order_type is not None and order_type not in _TYPES:
        raise Refusal(INVALID_ORDER_TYPE)
    wanted = Wanted(
        statuses=OPEN,
        order_type=None if order_type is None else str(order_type),
        pair=None if pair is None else pair_of_text(pair),
        cancel_requested=False,
        ascending=True,
    )
    if given == ["orderIds"]:
        return Choice(wanted, _ids(document["orderIds"]))
    return Choice(replace(wanted, user_id=_whose(document, caller)))


def _ids(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST:
        raise Refusal(changing_errors.INVALID_CANCEL)
    if not all(isinstance(one, str) for one in value):
        raise Refusal(changing_errors.INVALID_CANCEL)
    return tuple(dict.fromkeys(map(_as_written, value)))


def _as_written(order_id: str) -> str:
    """Return the id as the engine writes it; what no order can have stays as it came."""
    try:
        return known_form(order_id)
    except Refusal:
        return order_id


def _whose(document: Mapping[str, object], caller: Caller) -> str | None:
    user_id = document.get("userId")
    if user_id is None:
        if document["all"] is not True:
            raise Refusal(changing_errors.INVALID_CANCEL, field="all")
        return None if Scope.ADMIN in caller.scopes else caller.user_id
    if not isinstance(user_id, str) or not is_user_id(user_id):
        raise Refusal(errors.INVALID_USER_ID)
    caller.signed(document)
    return user_id


class Cancelling:
    """One request to cancel many orders; `written` is where its wishes stand."""

    def __init__(self, parts: Parts, caller: Caller, asker: Asker) -> None:
        self.written: list[Position] = []
        self._parts = parts
        self._caller = caller
        self._asker = asker

    async def run(self, choice: Choice) -> CancelAnswer:
        """Ask to end each order that was chosen and return what came of it."""
        if choice.order_ids:
            named = (self._named(order_id, choice.wanted) for order_id in choice.order_ids)
            return CancelAnswer(results=await asyncio.gather(*named), complete=True)
        rows, complete = await _open(choice.wanted, self._parts)
        each = (self._result(row, choice.wanted) for row in rows)
        return CancelAnswer(results=await asyncio.gather(*each), complete=complete)

    async def _named(self, order_id: str, wanted: Wanted) -> CancelResult:
        try:
            row = await self._parts.lookup.find(order_id, self._parts.order_rows.of)
        except Refusal as refusal:
            return _refused(order_id, refusal)
        return await self._result(row, wanted)

    async def _result(self, row: OrderRow, wanted: Wanted) -> CancelResult:
        try:
            self._caller.require_changes(row.user_id)
            _require_chosen(row, wanted)
            if row.status in FINAL:
                raise ended(row)
            if not row.cancel_requested:
                wished = await self._parts.wishing.cancel(row.order_id, self._asker)
                self.written.append(wished.position)
        except Refusal as refusal:
            return _refused(row.order_id, refusal)
        view = schemas.order_view(replace(row, cancel_requested=True))
        return CancelResult(order_id=row.order_id, status=202, order=view)


def ended(row: OrderRow) -> Refusal:
    """Return the answer for an order of which nothing more comes."""
    return Refusal(changing_errors.ORDER_FINAL, orderStatus=row.status, version=row.version)


def _require_chosen(row: OrderRow, wanted: Wanted) -> None:
    pair = Pair(row.token_in, row.token_out)
    if wanted.order_type not in (None, row.order_type):
        raise _not_chosen("orderType", row.order_type)
    if wanted.pair not in (None, pair):
        raise _not_chosen("pair", "/".join(pair))


def _not_chosen(field: str, value: str) -> Refusal:
    message = f"The {field} of the order is {value}, so you did not choose it: it is left alone."
    return Refusal(changing_errors.ORDER_NOT_CHOSEN, message, field=field)


async def _open(wanted: Wanted, parts: Parts) -> tuple[list[OrderRow], bool]:
    """Return open orders that nobody has asked to cancel yet, and whether these are all."""
    rows: list[OrderRow] = []
    place: Place | None = None
    for _ in range(_MOST_PAGES):
        page = await parts.read_model.page(wanted, MOST, place)
        # What was asked a moment ago the projection may not show yet.
        rows += [row for row in page.orders if not parts.wishing.has_cancelled(row.order_id)]
        place = page.after
        if len(rows) > MOST or place is None:
            break
    return rows[:MOST], place is None and len(rows) <= MOST


def _refused(order_id: str, refusal: Refusal) -> CancelResult:
    body = exact.Raw(exact.write(refusal.body).decode())
    return CancelResult(order_id=order_id, status=refusal.kind.status, error=body)
