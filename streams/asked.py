"""What an order's state asks for that needs no venue. Pure."""

from collections.abc import Callable
from datetime import datetime

from orders.answers import is_over, is_sent
from orders.events import (
    AnyOrderEvent,
    OrderExecuted,
    OrderFailed,
    OrderRetryScheduled,
    OrderRouted,
)
from orders.state import New, Open


def is_asked(order: Open) -> bool:
    """Return whether an event is due, besides its end, that no venue has to be asked for."""
    wished = bool(order.wishes) and order.unanswered is not None
    return wished or isinstance(order, New)


def is_ending(order: Open, clock: Callable[[], datetime]) -> bool:
    """Return whether nothing is left to do now (UTC) but to record the order's end.

    The clock is looked at only for an order that has a time.
    """
    wished = bool(order.wishes) and order.cancel is not None
    has_a_time = order.placement.terms.expires_at is not None
    return (wished or (has_a_time and is_over(order, clock()))) and not is_sent(order)


def is_outcome(event: AnyOrderEvent) -> bool:
    """Return whether the event ends a reaction: an answer that is lost starts none again."""
    return isinstance(event, OrderRouted | OrderExecuted | OrderRetryScheduled | OrderFailed)
