"""The words for an order's status, where its row cannot tell them: right after an event."""

from orders.events import (
    AnyOrderEvent,
    OrderAmended,
    OrderPlaced,
    OrderRested,
    OrderTriggered,
)
from orders.state import Status

FINAL = frozenset({"completed", "failed", "cancelled", "expired"})
"""What an order's status says when nothing more comes of it."""


def status_after(event: AnyOrderEvent) -> Status:
    """Return the status of an order right after this event, which left it open."""
    match event:
        case OrderPlaced() | OrderTriggered(version=2, tick=None):
            return "pending"
        case OrderRested() | OrderAmended():
            return "open"
        case _:
            return "executing"
