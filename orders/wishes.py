"""What is asked of an open order: kept in its state until it is answered or the order ends."""

from dataclasses import replace

from orders.events import AnyWish, OrderAmendRequested, OrderCancelRequested
from orders.requests import Amend, Cancel, Wish
from orders.state import Open

MOST_AMENDS = 8
"""An order keeps no more wishes for other terms at once: those that come then change nothing."""


def wished(order: Open, event: AnyWish) -> Open:
    """Return the order with a wish more, or one that was rejected less."""
    match event:
        case OrderCancelRequested():
            return order if order.cancel else _with(order, Cancel(wish_id=event.event_id))
        case OrderAmendRequested():
            return _with(order, _amend(event)) if _has_room(order, event) else order
        case _:
            left = tuple(wish for wish in order.wishes if wish.wish_id != event.causation_id)
            return order if left == order.wishes else replace(order, wishes=left)


def _with(order: Open, wish: Wish) -> Open:
    return replace(order, wishes=(*order.wishes, wish))


def _has_room(order: Open, event: OrderAmendRequested) -> bool:
    kept = [wish for wish in order.wishes if isinstance(wish, Amend)]
    return len(kept) < MOST_AMENDS and event.event_id not in {wish.wish_id for wish in kept}


def _amend(event: OrderAmendRequested) -> Amend:
    return Amend(wish_id=event.event_id, seen_version=event.seen_version, terms=event.terms)
