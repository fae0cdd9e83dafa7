"""The one fold of the log: how an event moves an order. Every reader uses this and nothing else."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from orders.events import (
    AnyOrderEvent,
    OrderEvent,
    OrderExecuted,
    OrderFailed,
    OrderPlaced,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
)
from orders.state import (
    UNPLACED,
    Closed,
    Completed,
    Failed,
    Open,
    Order,
    Pending,
    Placed,
    Placement,
    Quarantined,
    Routed,
    Unplaced,
    Waiting,
)


def evolve(order: Order, event: AnyOrderEvent) -> Order:
    """Apply one event: the first with a given version wins. Every legal transition is a row here.

    Superseded events, events of an order never placed and events after the end change nothing; any
    other event without a row quarantines the order.
    """
    match order, event:
        case Unplaced(), OrderPlaced(version=1):
            return _pending(event)
        case ((Unplaced() | Completed() | Failed()), _):
            return order
        case _, _ if event.version <= order.version:
            return order
        case Quarantined(), _:
            return _ended(order, event)
        case _, _ if event.version > order.version + 1:
            missing = order.version + 1
            why = f"{event.type} came with version {event.version}, version {missing} never did"
            return _quarantined(order, event, why, order.version)
        case _:
            return _next(order, event) or _quarantined(
                order, event, _impossible(order, event), event.version
            )


def _impossible(order: Placed, event: AnyOrderEvent) -> str:
    return f"{event.type} cannot follow {type(order).__name__} after {order.attempts} attempts"


def replay(events: Iterable[AnyOrderEvent]) -> Order:
    """Fold a whole history, oldest first."""
    order: Order = UNPLACED
    for event in events:
        order = evolve(order, event)
    return order


def _next(order: Pending | Routed | Waiting, event: AnyOrderEvent) -> Open | Closed | None:
    match order, event:
        case Pending(), OrderRouted() if _is_next_route(order, event):
            return _routed(order, event)
        case Pending(), OrderRetryScheduled() if event.attempt == order.attempts + 1:
            return _waiting(order, event)
        case Pending(), OrderFailed() if event.attempts == order.attempts + 1:
            return _failed(order, event)
        case Routed(), OrderExecuted() if _is_of(order, event):
            return _completed(order, event)
        case Routed(), OrderRetryScheduled() if event.attempt == order.attempts:
            return _waiting(order, event)
        case Routed(), OrderFailed() if event.attempts == order.attempts:
            return _failed(order, event)
        case Waiting(), OrderRetryDue() if event.attempt == order.attempts + 1:
            return Pending(**_kept(order, event), last_failure=order.reason)
        case _:
            return None


def _is_next_route(order: Pending, event: OrderRouted) -> bool:
    expected_id = execution_id(order)
    return event.attempt == order.attempts + 1 and event.execution_id == expected_id


def execution_id(order: Pending) -> str:
    """Return the id the order's next execution has: its id and how often it was routed, from 1."""
    return f"{order.placement.order_id}:{order.routes + 1}"


def _is_of(order: Routed, event: OrderExecuted) -> bool:
    return event.attempt == order.attempts and event.venue == order.venue


def _pending(event: OrderPlaced) -> Pending:
    return Pending(
        placement=Placement(
            order_id=event.order_id,
            user_id=event.user_id,
            client_order_id=event.client_order_id,
            terms=event.terms,
            placed_at=event.occurred_at,
            not_after=event.not_after,
            correlation_id=event.correlation_id,
            tags=event.tags,
        ),
        version=1,
        attempts=0,
        routes=0,
        updated_at=event.occurred_at,
        cause=event.event_id,
    )


def _routed(order: Pending, event: OrderRouted) -> Routed:
    return Routed(
        **_kept(order, event, attempts=event.attempt, routes=order.routes + 1),
        venue=event.venue,
        execution_id=event.execution_id,
        min_amount_out=event.min_amount_out,
    )


def _waiting(order: Pending | Routed, event: OrderRetryScheduled) -> Waiting:
    return Waiting(
        **_kept(order, event, attempts=event.attempt),
        reason=event.reason,
        delay=event.delay,
        venue=_venue(order),
    )


def _completed(order: Placed, event: OrderExecuted) -> Completed:
    return Completed(**_kept(order, event), venue=event.venue, fill=event.fill)


def _failed(order: Placed, event: OrderFailed) -> Failed:
    return Failed(
        **_kept(order, event, attempts=event.attempts), reason=event.reason, venue=_venue(order)
    )


def _quarantined(order: Open, event: OrderEvent, why: str, version: int) -> Quarantined:
    held = order if isinstance(order, Routed) else None
    return Quarantined(**_kept(order, event, version=version), why=why, held=held)


def _ended(order: Quarantined, event: AnyOrderEvent) -> Quarantined | Closed:
    follows = event.version == order.version + 1
    match event:
        case OrderExecuted() if follows and order.held and _is_of(order.held, event):
            return _completed(order, event)
        case OrderFailed() if follows and order.held and event.attempts == order.attempts:
            return _failed(order, event)
        case _:
            return replace(order, version=event.version) if follows else order


def _venue(order: Placed) -> str | None:
    match order:
        case Routed():
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


def _kept(
    order: Placed,
    event: OrderEvent,
    *,
    version: int | None = None,
    attempts: int | None = None,
    routes: int | None = None,
) -> _Kept:
    return {
        "placement": order.placement,
        "version": event.version if version is None else version,
        "attempts": order.attempts if attempts is None else attempts,
        "routes": order.routes if routes is None else routes,
        "updated_at": event.occurred_at,
        "cause": event.event_id,
    }
