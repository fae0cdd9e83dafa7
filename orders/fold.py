"""The one fold of the log: how an event moves an order. Every reader uses this and nothing else."""

from collections.abc import Iterable

from msgspec.structs import replace

from orders import moves
from orders.events import (
    AnyOrderEvent,
    OrderAmended,
    OrderCancelled,
    OrderEvent,
    OrderExecuted,
    OrderExpired,
    OrderFact,
    OrderFailed,
    OrderPlaced,
    OrderRested,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
    OrderTriggered,
    OrderWish,
)
from orders.requests import Wish, is_amendment
from orders.state import (
    UNPLACED,
    Cancelled,
    Closed,
    Completed,
    Expired,
    Failed,
    New,
    Open,
    Order,
    Pending,
    Placed,
    Quarantined,
    Resting,
    Routed,
    Unplaced,
    Waiting,
)
from orders.wishes import wished


def evolve(order: Order, event: AnyOrderEvent) -> Order:
    """Apply one event: the first with a given version wins. Every legal transition is a row here.

    Superseded events, events of an order never placed and events after the end change nothing; any
    other event without a row quarantines the order. A wish has no version: it is kept until it is
    answered. A second answer to one wish changes nothing: a rejection has no version to lose by.
    """
    if isinstance(event, OrderWish):
        return wished(order, event) if isinstance(order, Open) else order
    match order, event:
        case Unplaced(), OrderPlaced(version=1):
            return moves.begun(event)
        case ((Unplaced() | Completed() | Failed() | Cancelled() | Expired()), _):
            return order
        case _, _ if event.version <= order.version:
            return order
        case Quarantined(), _:
            return _ended(order, event)
        case _, _ if event.version > order.version + 1:
            missing = order.version + 1
            why = f"{event.type} came with version {event.version}, version {missing} never did"
            return moves.quarantined(order, event, why, order.version)
        case _:
            return _next(order, event) or moves.quarantined(
                order, event, _impossible(order, event), event.version
            )


def _impossible(order: Placed, event: OrderFact) -> str:
    return f"{event.type} cannot follow {type(order).__name__} after {order.attempts} attempts"


def replay(events: Iterable[AnyOrderEvent]) -> Order:
    """Fold a whole history, oldest first."""
    order: Order = UNPLACED
    for event in events:
        order = evolve(order, event)
    return order


def _next(
    order: New | Resting | Pending | Routed | Waiting, event: OrderFact
) -> Open | Closed | None:
    match event:
        case OrderCancelled() if _is_wished(order, event):
            return moves.cancelled(order, event)
        case OrderExpired() if order.placement.terms.expires_at and _counts(order, event):
            return moves.expired(order, event)
        case OrderAmended() if not _answers(order.amend, event):
            return order
        case _ if isinstance(order, New | Resting):
            return _triggered(order, event)
        case _:
            return _attempted(order, event)


def _triggered(order: New | Resting, event: OrderFact) -> Resting | Pending | None:
    match order, event:
        case New(), OrderRested(rests=1):
            return moves.resting(order, event)
        case _, OrderTriggered() if (event.tick is None) == _is_sniper(order):
            return moves.triggered(order, event)
        case Resting(), OrderAmended() if _is_amendment(order, event):
            return moves.amended(order, event)
        case _:
            return None


def _attempted(order: Pending | Routed | Waiting, event: OrderFact) -> Open | Closed | None:
    match order, event:
        case Pending() | Routed(), OrderRested():
            return moves.resting(order, event) if _may_rest(order, event) else None
        case Pending(), _:
            return _routed(order, event)
        case Routed(), _:
            return _resolved(order, event)
        case Waiting(), OrderRetryDue() if event.attempt == order.attempts + 1:
            return moves.due(order, event)
        case _:
            return None


def _routed(order: Pending, event: OrderFact) -> Open | Closed | None:
    match event:
        case OrderRouted() if _is_next_route(order, event):
            return moves.routed(order, event)
        case OrderRetryScheduled() if event.attempt == order.attempts + 1:
            return moves.waiting(order, event)
        case OrderFailed() if event.attempts == order.attempts + 1:
            return moves.failed(order, event)
        case _:
            return None


def _resolved(order: Routed, event: OrderFact) -> Open | Closed | None:
    match event:
        case OrderExecuted() if _is_of(order, event):
            return moves.completed(order, event)
        case OrderRetryScheduled() if event.attempt == order.attempts:
            return moves.waiting(order, event)
        case OrderFailed() if event.attempts == order.attempts:
            return moves.failed(order, event)
        case _:
            return None


def _is_sniper(order: Placed) -> bool:
    return order.placement.terms.is_sniper


def _may_rest(order: Placed, event: OrderRested) -> bool:
    return order.placement.terms.order_type == "limit" and event.rests == order.rests + 1


def _is_amendment(order: Resting, event: OrderAmended) -> bool:
    return _answers(order.amend, event) and is_amendment(order.placement.terms, event.terms)


def _answers(wish: Wish | None, event: OrderEvent) -> bool:
    return wish is not None and wish.wish_id == event.causation_id


def _is_wished(order: Placed, event: OrderCancelled) -> bool:
    return _answers(order.cancel, event) and _counts(order, event)


def _counts(order: Placed, event: OrderCancelled | OrderExpired) -> bool:
    return event.attempts == order.attempts


def _is_next_route(order: Pending, event: OrderRouted) -> bool:
    expected_id = execution_id(order)
    return event.attempt == order.attempts + 1 and event.execution_id == expected_id


def execution_id(order: Pending) -> str:
    """Return the id the order's next execution has: its id and how often it was routed, from 1."""
    return f"{order.placement.order_id}:{order.routes + 1}"


def _is_of(order: Routed, event: OrderExecuted) -> bool:
    return event.attempt == order.attempts and event.venue == order.venue


def _ended(order: Quarantined, event: OrderFact) -> Quarantined | Closed:
    follows = event.version == order.version + 1
    match event:
        case OrderCancelled() if follows and not order.held and _is_wished(order, event):
            return moves.cancelled(order, event)
        case OrderExecuted() if follows and order.held and _is_of(order.held, event):
            return moves.completed(order, event)
        case OrderFailed() if follows and order.held and event.attempts == order.attempts:
            return moves.failed(order, event)
        case _:
            return replace(order, version=event.version) if follows else order
