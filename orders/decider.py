"""What follows from a command: one event, or none when the command comes too late."""

from orders.answers import answer, end
from orders.commands import (
    AnswerOrder,
    BeginRetry,
    Command,
    PlaceOrder,
    RecordFailure,
    RecordFill,
    RestOrder,
    RouteOrder,
    Stamp,
    TriggerOrder,
)
from orders.errors import Code, Reason
from orders.events import (
    AnyOrderEvent,
    OrderExecuted,
    OrderFailed,
    OrderPlaced,
    OrderRested,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
    OrderTriggered,
)
from orders.fold import execution_id
from orders.retry import RetryPolicy, rest_delay
from orders.routing import best_quote, falls_short, min_amount_out, why_no_quote
from orders.stamping import envelope
from orders.state import (
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
from orders.values import Liquidity, Tick


def decide(command: Command, order: Order, policy: RetryPolicy) -> AnyOrderEvent | None:
    """Return the one event the command causes now, or None when the order has moved past it."""
    match command:
        case RouteOrder():
            return _routed(command, order, policy) if isinstance(order, Pending) else None
        case RecordFill():
            return _filled(command, order)
        case RecordFailure():
            return _failure(command, order, policy)
        case PlaceOrder():
            return _placed(command) if isinstance(order, Unplaced) else None
        case BeginRetry():
            return _retry_due(order, command.stamp) if isinstance(order, Waiting) else None
        case AnswerOrder():
            return answer(command, order) if isinstance(order, Open) else None
        case _:
            return _at_rest(command, order)


def _at_rest(
    command: RestOrder | TriggerOrder, order: Order
) -> OrderRested | OrderTriggered | None:
    match command, order:
        case RestOrder(), New():
            return OrderRested(**envelope(order, command.stamp), rests=1)
        case TriggerOrder(seen=Tick() as tick), New() | Resting() if _is_limit(order):
            return OrderTriggered(**envelope(order, command.stamp), tick=tick)
        case TriggerOrder(seen=Liquidity() as pool), New() | Resting() if _is_sniper(order):
            return OrderTriggered(**envelope(order, command.stamp), liquidity=pool)
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
    if over := end(order, command.stamp):
        return over
    best = best_quote(command.quotes)
    if best is None:
        reason = why_no_quote(command.failed_quotes)
        return _ended(order, attempt, reason, command.stamp, policy)
    if short := falls_short(best, order.placement.terms):
        return _short(order, attempt, short, command.stamp)
    return OrderRouted(
        **envelope(order, command.stamp),
        attempt=attempt,
        venue=best.venue,
        execution_id=execution_id(order),
        min_amount_out=min_amount_out(best, order.placement.terms),
        quotes=command.quotes,
        failed_quotes=command.failed_quotes,
    )


def _executed(command: RecordFill, order: Routed | Quarantined, venue: str) -> OrderExecuted:
    about = envelope(order, command.stamp)
    return OrderExecuted(**about, attempt=order.attempts, venue=venue, fill=command.fill)


def _retry_due(order: Waiting, stamp: Stamp) -> OrderRetryDue:
    return OrderRetryDue(**envelope(order, stamp), attempt=order.attempts + 1)


def _ended(
    order: Pending | Routed, attempt: int, reason: Reason, stamp: Stamp, policy: RetryPolicy
) -> AnyOrderEvent:
    if over := end(order, stamp):
        return over
    terms = order.placement.terms
    if terms.order_type == "limit" and reason.code is Code.SLIPPAGE_EXCEEDED:
        return _short(order, attempt, reason, stamp)
    again = reason.retryable and terms.time_in_force == "GTC"
    delay = policy.delay_after(attempt) if again else None
    if delay is None:
        return _failed(order, attempt, reason, stamp)
    about = envelope(order, stamp)
    return OrderRetryScheduled(**about, attempt=attempt, reason=reason, delay=delay)


def _short(
    order: Pending | Routed, attempt: int, reason: Reason, stamp: Stamp
) -> OrderRested | OrderFailed:
    """Go back to rest: the price was not there any more."""
    if order.placement.terms.time_in_force == "IOC":
        return _failed(order, attempt, reason, stamp)
    rests, delay = order.rests + 1, rest_delay(order.rests)
    return OrderRested(**envelope(order, stamp), rests=rests, reason=reason, delay=delay)


def _is_limit(order: Placed) -> bool:
    return order.placement.terms.order_type == "limit"


def _is_sniper(order: Placed) -> bool:
    return order.placement.terms.is_sniper


def _failed(order: Placed, attempts: int, reason: Reason, stamp: Stamp) -> OrderFailed:
    return OrderFailed(**envelope(order, stamp), reason=reason, attempts=attempts)
