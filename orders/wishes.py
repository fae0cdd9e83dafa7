"""What is asked of an open order: kept in its state until it is answered or the order ends."""

from msgspec.structs import replace

from orders.events import AnyWish, OrderAmendRequested, OrderCancelRequested
from orders.requests import Amend, Cancel, Crowded, Wish
from orders.state import Open

MOST_AMENDS = 8
"""An order keeps no more wishes for other terms at once: of those that come then only the names
are kept, until each is refused."""

MOST_CROWDED = 1_000
"""Nor more names than this. The api asks for nothing of an order whose wishes it sees waiting, so
that its processes, however many, do not come near it."""


def wished(order: Open, event: AnyWish) -> Open:
    """Return the order with a wish more, or one that was rejected less."""
    match event:
        case OrderCancelRequested():
            return order if order.cancel else _with(order, Cancel(wish_id=event.event_id))
        case OrderAmendRequested():
            return _asked(order, event)
        case _:
            left = tuple(wish for wish in order.wishes if wish.wish_id != event.causation_id)
            return order if left == order.wishes else replace(order, wishes=left)


def amendments(order: Open) -> int:
    """Return how many wishes for other terms wait that may be met."""
    return sum(isinstance(wish, Amend) for wish in order.wishes)


def _with(order: Open, wish: Wish) -> Open:
    return replace(order, wishes=(*order.wishes, wish))


def _asked(order: Open, event: OrderAmendRequested) -> Open:
    wish_id, seen_version, terms = event.event_id, event.seen_version, event.terms
    others = [wish for wish in order.wishes if not isinstance(wish, Cancel)]
    if any(wish.wish_id == wish_id for wish in others):
        return order
    amends = amendments(order)
    if amends < MOST_AMENDS:
        return _with(order, Amend(wish_id=wish_id, seen_version=seen_version, terms=terms))
    if len(others) - amends < MOST_CROWDED:
        return _with(order, Crowded(wish_id=wish_id))
    return order
