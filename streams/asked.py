"""What an order's state asks for that needs no venue. Pure."""

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


def is_asked(order: Open, at: datetime) -> bool:
    """Return whether an event is due at this moment (UTC) that no venue has to be asked for."""
    wished = bool(order.wishes) and order.unanswered is not None
    return wished or isinstance(order, New) or is_ending(order, at)


def is_ending(order: Open, at: datetime) -> bool:
    """Return whether nothing is left to do at this moment (UTC) but to record the order's end."""
    wished = bool(order.wishes) and order.cancel is not None
    return (wished or is_over(order, at)) and not is_sent(order)


def is_outcome(event: AnyOrderEvent) -> bool:
    """Return whether the event ends a reaction: an answer that is lost starts none again."""
    return isinstance(event, OrderRouted | OrderExecuted | OrderRetryScheduled | OrderFailed)
