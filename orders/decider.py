"""What follows from a command: one event, or none when the command comes too late."""

from datetime import datetime
from typing import TypedDict

from orders.commands import (
    BeginRetry,
    Command,
    PlaceOrder,
    RecordFailure,
    RecordFill,
    RouteOrder,
    Stamp,
)
from orders.errors import Code, Reason
from orders.events import (
    AnyOrderEvent,
    OrderExecuted,
    OrderFailed,
    OrderPlaced,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
)
from orders.fold import execution_id
from orders.retry import RetryPolicy
from orders.routing import best_quote, min_amount_out, why_no_quote
from orders.state import Order, Pending, Placed, Quarantined, Routed, Unplaced, Waiting


def decide(command: Command, order: Order, policy: RetryPolicy) -> AnyOrderEvent | None:
    """Return the one event the command causes now, or None when the order has moved past it."""
    match command, order:
        case PlaceOrder(), Unplaced():
            return _placed(command)
        case RouteOrder(), Pending():
            return _routed(command, order, policy)
        case RecordFill(), _:
            return _filled(command, order)
        case RecordFailure(), _:
            return _failure(command, order, policy)
        case BeginRetry(), Waiting():
            return _retry_due(order, command.stamp)
        case _:
            return None


def _filled(command: RecordFill, order: Order) -> OrderExecuted | None:
    match order:
        case Routed():
            return _executed(command, order, order.venue)
        case Quarantined(held=Routed() as sent):
            return _executed(command, order, sent.venue)
        case _:
            return None


def _failure(command: RecordFailure, order: Order, policy: RetryPolicy) -> AnyOrderEvent | None:
    match order:
        case Pending():
            return _ended(order, order.attempts + 1, command.reason, command.stamp, policy)
        case Routed():
            return _ended(order, order.attempts, command.reason, command.stamp, policy)
        case Quarantined(held=Routed()):
            message = f"{order.why}; {command.reason.message}"
            reason = Reason(code=Code.QUARANTINED, message=message)
            return _failed(order, order.attempts, reason, command.stamp)
        case _:
            return None


def _placed(command: PlaceOrder) -> OrderPlaced:
    return OrderPlaced(
        event_id=command.stamp.event_id,
        order_id=command.order_id,
        version=1,
        occurred_at=command.stamp.at,
        correlation_id=command.correlation_id,
        actor=command.stamp.actor,
        user_id=command.user_id,
        client_order_id=command.client_order_id,
        tags=command.tags,
        terms=command.terms,
        not_after=command.not_after,
    )


def _routed(command: RouteOrder, order: Pending, policy: RetryPolicy) -> AnyOrderEvent:
    attempt = order.attempts + 1
    best = best_quote(command.quotes)
    if best is None:
        reason = why_no_quote(command.failed_quotes)
        return _ended(order, attempt, reason, command.stamp, policy)
    return OrderRouted(
        **_envelope(order, command.stamp),
        attempt=attempt,
        venue=best.venue,
        execution_id=execution_id(order),
        min_amount_out=min_amount_out(best, order.placement.terms),
        quotes=command.quotes,
        failed_quotes=command.failed_quotes,
    )


def _executed(command: RecordFill, order: Routed | Quarantined, venue: str) -> OrderExecuted:
    envelope = _envelope(order, command.stamp)
    return OrderExecuted(**envelope, attempt=order.attempts, venue=venue, fill=command.fill)


def _retry_due(order: Waiting, stamp: Stamp) -> OrderRetryDue:
    return OrderRetryDue(**_envelope(order, stamp), attempt=order.attempts + 1)


def _ended(
    order: Pending | Routed, attempt: int, reason: Reason, stamp: Stamp, policy: RetryPolicy
) -> OrderRetryScheduled | OrderFailed:
    delay = policy.delay_after(attempt) if reason.retryable else None
    if delay is None:
        return _failed(order, attempt, reason, stamp)
    envelope = _envelope(order, stamp)
    return OrderRetryScheduled(**envelope, attempt=attempt, reason=reason, delay=delay)


def _failed(order: Placed, attempts: int, reason: Reason, stamp: Stamp) -> OrderFailed:
    return OrderFailed(**_envelope(order, stamp), reason=reason, attempts=attempts)


class _Envelope(TypedDict):
    event_id: str
    order_id: str
    version: int
    occurred_at: datetime
    causation_id: str
    correlation_id: str | None
    actor: str


def _envelope(order: Placed, stamp: Stamp) -> _Envelope:
    return {
        "event_id": stamp.event_id,
        "order_id": order.placement.order_id,
        "version": order.version + 1,
        "occurred_at": stamp.at,
        "causation_id": order.cause,
        "correlation_id": order.placement.correlation_id,
        "actor": stamp.actor,
    }
