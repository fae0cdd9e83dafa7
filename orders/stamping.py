"""The envelope of an order's next event."""

from datetime import datetime
from typing import TypedDict

from orders.commands import Stamp
from orders.state import Placed


class WishEnvelope(TypedDict):
    """What every event has."""

    event_id: str
    order_id: str
    occurred_at: datetime
    causation_id: str
    correlation_id: str | None
    actor: str


class Envelope(WishEnvelope):
    """What a fact of the order's history has."""

    version: int


def envelope(order: Placed, stamp: Stamp, cause: str | None = None) -> Envelope:
    """Return what the event after the order's last one has; that one, or a wish, caused it."""
    return {**wish_envelope(order, stamp, cause or order.cause), "version": order.version + 1}


def wish_envelope(order: Placed, stamp: Stamp, cause: str) -> WishEnvelope:
    """Return what an event without a place in the history has."""
    return {
        "event_id": stamp.event_id,
        "order_id": order.placement.order_id,
        "occurred_at": stamp.at,
        "causation_id": cause,
        "correlation_id": order.placement.correlation_id,
        "actor": stamp.actor,
    }
