"""What was asked of an open order and not answered yet, as the log tells it."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import NamedTuple

from orders.events import AnyWish, OrderAmendRequested, OrderCancelRequested, OrderEvent
from orders.values import Terms

MOST_AMENDS = 8
AMENDABLE = frozenset({"amount", "slippage", "target_price", "expires_at"})
"""Kept apart from the engine's own rules on purpose."""

_FIXED = [field.name for field in fields(Terms) if field.name not in AMENDABLE]


class Asked(NamedTuple):
    """A wish: to end, or else for other terms; `since` is the broker's time."""

    wish_id: str
    since: datetime
    terms: Terms | None = None


def heard(asked: Sequence[Asked], wish: AnyWish, at: datetime) -> tuple[Asked, ...]:
    """Return what is asked once this was heard, which stands in the log since then."""
    amends = [one.wish_id for one in asked if one.terms]
    match wish:
        case OrderCancelRequested():
            is_new = len(amends) == len(asked)
            return (*asked, Asked(wish.event_id, at)) if is_new else tuple(asked)
        case OrderAmendRequested():
            is_new = len(amends) < MOST_AMENDS and wish.event_id not in amends
            return (*asked, Asked(wish.event_id, at, wish.terms)) if is_new else tuple(asked)
        case _:
            return without(asked, wish.causation_id)


def without(asked: Sequence[Asked], wish_id: str | None) -> tuple[Asked, ...]:
    """Return what is asked but for the wish that was answered."""
    return tuple(one for one in asked if one.wish_id != wish_id)


def is_answer(asked: Sequence[Asked], event: OrderEvent, *, cancels: bool) -> bool:
    """Return whether the event answers the oldest wish of its kind."""
    kind = [one.wish_id for one in asked if (one.terms is None) is cancels]
    return kind[:1] == [event.causation_id]


def may_become(old: Terms, new: Terms) -> bool:
    """Return whether only what may be amended differs."""
    return all(getattr(old, name) == getattr(new, name) for name in _FIXED)
