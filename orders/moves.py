"""What an order becomes by an event: the states that the rows of `fold` lead to."""

from datetime import datetime
from decimal import Decimal
from typing import TypedDict, Unpack

from msgspec.structs import replace

from orders.events import (
    OrderAmended,
    OrderCancelled,
    OrderEvent,
    OrderExecuted,
    OrderExpired,
    OrderFailed,
    OrderPlaced,
    OrderRested,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
    OrderTriggered,
)
from orders.requests import Wish
from orders.state import (
    Cancelled,
    Completed,
    Expired,
    Failed,
    New,
    Open,
    Pending,
    Placed,
    Placement,
    Quarantined,
    Resting,
    Routed,
    Waiting,
)
from orders.values import Terms


def begun(event: OrderPlaced) -> New | Pending:
    """A market order may start at once, the others look at the market first."""
    placement = Placement(
        order_id=event.order_id,
        user_id=event.user_id,
        client_order_id=event.client_order_id,
        terms=event.terms,
        placed_at=event.occurred_at,
        not_after=event.not_after,
        correlation_id=event.correlation_id,
        tags=event.tags,
    )
    kind = Pending if event.terms.order_type == "market" else New
    return kind(
        placement=placement,
        version=1,
        attempts=0,
        routes=0,
        updated_at=event.occurred_at,
        cause=event.event_id,
    )


def resting(order: New | Pending | Routed, event: OrderRested) -> Resting:
    """It waits for its price or its pool."""
    kept = _kept(order, event, rests=event.rests)
    return Resting(**kept, reason=event.reason, delay=event.delay)


def triggered(order: New | Resting, event: OrderTriggered) -> Pending:
    """Its first attempt may start."""
    fired_at = event.tick.price if event.tick else None
    return Pending(**_kept(order, event, attempts=0, fired_at=fired_at))


def amended(order: Resting, event: OrderAmended) -> Resting:
    """It fires on any tick again: what it fell short of were other terms.

    If it had not fired and waits for the same price, what reached that before still counts.
    """
    kept = _kept(order, event, fired_at=None)
    kept["placement"] = replace(order.placement, terms=event.terms)
    kept["wishes"] = tuple(one for one in order.wishes if one.wish_id != event.causation_id)
    since = order.since or order.updated_at if _waits_on(order, event.terms) else None
    return Resting(**kept, reason=None, delay=None, since=since)


def _waits_on(order: Resting, terms: Terms) -> bool:
    was = order.placement.terms
    same = (was.target_price, was.amount) == (terms.target_price, terms.amount)
    return same and order.delay is None


def routed(order: Pending, event: OrderRouted) -> Routed:
    """It has a venue, and an execution id of its own."""
    return Routed(
        **_kept(order, event, attempts=event.attempt, routes=order.routes + 1),
        venue=event.venue,
        execution_id=event.execution_id,
        min_amount_out=event.min_amount_out,
    )


def waiting(order: Pending | Routed, event: OrderRetryScheduled) -> Waiting:
    """Its attempt failed, another one follows."""
    return Waiting(
        **_kept(order, event, attempts=event.attempt),
        reason=event.reason,
        delay=event.delay,
        venue=_venue(order),
    )


def due(order: Waiting, event: OrderRetryDue) -> Pending:
    """Its next attempt may start."""
    return Pending(**_kept(order, event), last_failure=order.reason)


def completed(order: Placed, event: OrderExecuted) -> Completed:
    """Its swap settled."""
    return Completed(**_kept(order, event), venue=event.venue, fill=event.fill)


def failed(order: Placed, event: OrderFailed) -> Failed:
    """It ended without a fill."""
    kept = _kept(order, event, attempts=event.attempts)
    return Failed(**kept, reason=event.reason, venue=_venue(order))


def cancelled(order: Placed, event: OrderCancelled) -> Cancelled:
    """It ended as somebody wanted."""
    return Cancelled(**_kept(order, event), venue=_venue(order))


def expired(order: Placed, event: OrderExpired) -> Expired:
    """Its time was over."""
    return Expired(**_kept(order, event), venue=_venue(order))


def quarantined(order: Open, event: OrderEvent, why: str, version: int) -> Quarantined:
    """The log told the impossible of it."""
    held = order if isinstance(order, Routed) else None
    return Quarantined(**_kept(order, event, version=version), why=why, held=held)


def _venue(order: Placed) -> str | None:
    match order:
        case Routed() | Waiting():
            return order.venue
        case Quarantined(held=Routed() as held):
            return held.venue
        case _:
            return None


class _Kept(TypedDict):
    placement: Placement
    version: int
    attempts: int
    routes: int
    updated_at: datetime
    cause: str
    rests: int
    fired_at: Decimal | None
    wishes: tuple[Wish, ...]


class _Moved(TypedDict, total=False):
    version: int
    attempts: int
    routes: int
    rests: int
    fired_at: Decimal | None


def _kept(order: Placed, event: OrderEvent, **moved: Unpack[_Moved]) -> _Kept:
    return {
        "placement": order.placement,
        "version": event.version,
        "attempts": order.attempts,
        "routes": order.routes,
        "updated_at": event.occurred_at,
        "cause": event.event_id,
        "rests": order.rests,
        "fired_at": order.fired_at,
        "wishes": order.wishes,
        **moved,
    }
