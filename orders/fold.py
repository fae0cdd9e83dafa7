"""The one fold of the log: how an event moves an order. Every reader uses this and nothing else."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

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
    """Apply one event: the first with a given version wins. Every legal transition is a row below.

    Superseded events, events of an order never placed and events after the end change nothing; any
    other event without a row quarantines the order. A wish has no version: it is kept until it is
    answered. A second answer to one wish changes nothing: a rejection has no version to lose by.
    """
    row = _ROWS.get((type(order), type(event)))
    if row and event.version == order.version + 1 and row.fits(order, event):
        return row.move(order, event)
    if isinstance(event, OrderWish):
        return wished(order, event) if isinstance(order, Open) else order
    return _otherwise(order, event)


def _otherwise(order: Order, event: OrderFact) -> Order:
    match order:
        case Unplaced() | Completed() | Failed() | Cancelled() | Expired():
            return order
        case _ if event.version <= order.version:
            return order
        case Quarantined():
            return _ended(order, event)
        case _ if event.version > order.version + 1:
            missing = order.version + 1
            why = f"{event.type} came with version {event.version}, version {missing} never did"
            return moves.quarantined(order, event, why, order.version)
        case _ if isinstance(event, OrderAmended) and not _answers(order.amend, event):
            return order
        case _:
            return moves.quarantined(order, event, _impossible(order, event), event.version)


def _impossible(order: Placed, event: OrderFact) -> str:
    return f"{event.type} cannot follow {type(order).__name__} after {order.attempts} attempts"


def replay(events: Iterable[AnyOrderEvent]) -> Order:
    """Fold a whole history, oldest first."""
    order: Order = UNPLACED
    for event in events:
        order = evolve(order, event)
    return order


def _begins(_order: Unplaced, _event: OrderPlaced) -> bool:
    return True


def _rests_first(_order: New, event: OrderRested) -> bool:
    return event.rests == 1


def _fires(order: New | Resting, event: OrderTriggered) -> bool:
    return (event.tick is None) == order.placement.terms.is_sniper


def _may_rest(order: Placed, event: OrderRested) -> bool:
    return order.placement.terms.order_type == "limit" and event.rests == order.rests + 1


def _is_amendment(order: Resting, event: OrderAmended) -> bool:
    return _answers(order.amend, event) and is_amendment(order.placement.terms, event.terms)


def _answers(wish: Wish | None, event: OrderEvent) -> bool:
    return wish is not None and wish.wish_id == event.causation_id


def _is_wished(order: Placed, event: OrderCancelled) -> bool:
    return _answers(order.cancel, event) and _counts(order, event)


def _is_over(order: Placed, event: OrderExpired) -> bool:
    return order.placement.terms.expires_at is not None and _counts(order, event)


def _counts(order: Placed, event: OrderCancelled | OrderExpired | OrderFailed) -> bool:
    return event.attempts == order.attempts


def _is_next_route(order: Pending, event: OrderRouted) -> bool:
    expected_id = execution_id(order)
    return event.attempt == order.attempts + 1 and event.execution_id == expected_id


def execution_id(order: Pending) -> str:
    """Return the id the order's next execution has: its id and how often it was routed, from 1."""
    return f"{order.placement.order_id}:{order.routes + 1}"


def _is_next(order: Pending | Waiting, event: OrderRetryScheduled | OrderRetryDue) -> bool:
    return event.attempt == order.attempts + 1


def _is_last(order: Pending, event: OrderFailed) -> bool:
    return event.attempts == order.attempts + 1


def _is_present(order: Routed, event: OrderRetryScheduled) -> bool:
    return event.attempt == order.attempts


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


class _Row(NamedTuple):
    """A legal transition: whether an event of its type fits the order, and what that becomes."""

    fits: Callable[[Any, Any], bool]
    move: Callable[[Any, Any], Open | Closed]


_OPEN = (New, Resting, Pending, Routed, Waiting)
_ROWS: dict[tuple[type, type], _Row] = {
    (Unplaced, OrderPlaced): _Row(_begins, lambda _, event: moves.begun(event)),
    (New, OrderRested): _Row(_rests_first, moves.resting),
    (New, OrderTriggered): _Row(_fires, moves.triggered),
    (Resting, OrderTriggered): _Row(_fires, moves.triggered),
    (Resting, OrderAmended): _Row(_is_amendment, moves.amended),
    (Pending, OrderRested): _Row(_may_rest, moves.resting),
    (Pending, OrderRouted): _Row(_is_next_route, moves.routed),
    (Pending, OrderRetryScheduled): _Row(_is_next, moves.waiting),
    (Pending, OrderFailed): _Row(_is_last, moves.failed),
    (Routed, OrderRested): _Row(_may_rest, moves.resting),
    (Routed, OrderExecuted): _Row(_is_of, moves.completed),
    (Routed, OrderRetryScheduled): _Row(_is_present, moves.waiting),
    (Routed, OrderFailed): _Row(_counts, moves.failed),
    (Waiting, OrderRetryDue): _Row(_is_next, moves.due),
    **{(kind, OrderCancelled): _Row(_is_wished, moves.cancelled) for kind in _OPEN},
    **{(kind, OrderExpired): _Row(_is_over, moves.expired) for kind in _OPEN},
}
