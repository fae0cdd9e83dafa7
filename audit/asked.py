"""What was asked of an open order and not answered yet, as the log tells it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from orders.errors import Code
from orders.events import (
    AnyWish,
    OrderAmendRejected,
    OrderAmendRequested,
    OrderCancelRequested,
    OrderEvent,
)
from orders.values import Terms

MOST_AMENDS = 8
MOST_CROWDED = 1_000
AMENDABLE = frozenset({"amount", "slippage", "target_price", "expires_at"})
"""Kept apart from the engine's own rules on purpose."""

_FIXED = [name for name in Terms.__struct_fields__ if name not in AMENDABLE]


class Asked(NamedTuple):
    """A wish: to end, or else for other terms; `since` is the broker's time.

    One that found no room beside the others is `crowded`: it is kept only to be refused.
    """

    wish_id: str
    since: datetime
    terms: Terms | None = None
    crowded: bool = False


def heard(asked: Sequence[Asked], wish: AnyWish, at: datetime) -> tuple[Asked, ...]:
    """Return what is asked once this was heard, which stands in the log since then."""
    match wish:
        case OrderCancelRequested():
            is_new = all(one.terms for one in asked)
            return (*asked, Asked(wish.event_id, at)) if is_new else tuple(asked)
        case OrderAmendRequested():
            return (*asked, *_kept(asked, Asked(wish.event_id, at, wish.terms)))
        case _:
            return without(asked, wish.causation_id)


def _kept(asked: Sequence[Asked], new: Asked) -> Sequence[Asked]:
    amends = [one for one in asked if one.terms]
    if any(one.wish_id == new.wish_id for one in amends):
        return ()
    crowded = sum(one.crowded for one in amends)
    if len(amends) - crowded < MOST_AMENDS:
        return (new,)
    return (new._replace(crowded=True),) if crowded < MOST_CROWDED else ()


def flaw_of(asked: Sequence[Asked], wish: AnyWish) -> str | None:
    """Return what is wrong with a rejection, held against what is asked, or None.

    For lack of room a wish is rejected that found none, and no other is.
    """
    if not isinstance(wish, OrderAmendRejected):
        return None
    about = next((one for one in asked if one.wish_id == wish.causation_id), None)
    if about is None or about.crowded == (wish.reason.code is Code.TOO_MANY_WISHES):
        return None
    room = "no room" if about.crowded else "room"
    return f"the wish {about.wish_id} found {room}, and was rejected for {wish.reason.code}"


def without(asked: Sequence[Asked], wish_id: str | None) -> tuple[Asked, ...]:
    """Return what is asked but for the wish that was answered."""
    return tuple(one for one in asked if one.wish_id != wish_id)


def is_answer(asked: Sequence[Asked], event: OrderEvent, *, cancels: bool) -> bool:
    """Return whether the event answers the oldest wish of its kind that may be met."""
    met = [one for one in asked if not one.crowded]
    kind = [one.wish_id for one in met if (one.terms is None) is cancels]
    return kind[:1] == [event.causation_id]


def may_become(old: Terms, new: Terms) -> bool:
    """Return whether only what may be amended differs."""
    return all(getattr(old, name) == getattr(new, name) for name in _FIXED)
