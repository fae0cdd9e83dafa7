"""The sentences and messages of the WebSocket feeds."""

from typing import assert_never

from api.rows import Change, OrderRow
from api.words import FINAL
from orders.errors import Reason
from orders.events import (
    AnyWish,
    OrderAmended,
    OrderAmendRejected,
    OrderAmendRequested,
    OrderCancelled,
    OrderCancelRequested,
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

Message = dict[str, object]
Beside = OrderRested | OrderTriggered | OrderAmended | OrderCancelled | OrderExpired | AnyWish
"""What happens to an order beside its attempts."""

PENDING = "Order received and queued"
ROUTED = "Routed to {venue}, executing the swap"
RETRYING = "Attempt {attempt} failed, trying again in {seconds} s"
WAITING = "Attempt {attempt} failed, trying again soon"
AGAIN = "Starting attempt {attempt}"
COMPLETED = "Order completed on {venue}"
FAILED = "Order failed after {attempts} attempt(s)"
RESTING = "Waiting for the market"
TRIGGERED = "The market is as the order wants it, starting attempt 1"
AMENDED = "The order was amended"
CANCELLED = "Order cancelled after {attempts} attempt(s)"
EXPIRED = "Order expired after {attempts} attempt(s)"
WISHED = "Somebody asked for a change"


def reason_text(code: str | None, message: str | None) -> str | None:
    """Return why an order failed: the code for programs, then the sentence for people."""
    if code is None:
        return message
    return f"{code}: {message}" if message else f"{code}"


def state_of(row: OrderRow) -> Message:
    """Return an order's present state as its feed begins with it."""
    told = row.status in {"failed", "open"} or row.next_retry_at is not None
    return _present(
        orderId=row.order_id,
        status=row.status,
        message=_sentence(row),
        timestamp=row.updated_at,
        version=row.version,
        selectedDex=row.selected_dex,
        executedPrice=row.executed_price,
        txHash=row.tx_hash,
        error=reason_text(row.error_code, row.error_reason) if told else None,
    )


_END = {"failed": FAILED, "cancelled": CANCELLED, "expired": EXPIRED}


def _sentence(row: OrderRow) -> str:
    match row.status:
        case "pending":
            return PENDING
        case "completed":
            return COMPLETED.format(venue=row.selected_dex)
        case "open":
            return RESTING
        case "failed" | "cancelled" | "expired":
            return _END[row.status].format(attempts=row.attempts)
        case _ if row.next_retry_at is not None:
            return WAITING.format(attempt=row.attempts)
        case _ if row.selected_dex is not None:
            return ROUTED.format(venue=row.selected_dex)
        case _:
            return AGAIN.format(attempt=row.attempts + 1)


def order_message(change: Change) -> Message:
    """Return a change as the feed of its order tells it."""
    return _present(
        orderId=change.order_id,
        status=change.status,
        timestamp=change.event.occurred_at,
        version=change.version,
        **_told(change),
    )


def user_message(change: Change) -> Message | None:
    """Return a change as the feed of its user tells it.

    An order that is pending or at rest is not told. One that was cancelled or expired has failed,
    for these clients, and the error says which.
    """
    if change.status in {"pending", "open"} or not change.version:
        return None
    told = _told(change)
    retryable = _reason(change)
    return _present(
        type="ORDER_UPDATE",
        orderId=change.order_id,
        status=_OF_USER.get(change.status, "processing"),
        txHash=told.get("txHash"),
        executionPrice=told.get("executedPrice"),
        error=change.status if change.status in _WITHOUT_REASON else told.get("error"),
        isRetryable=retryable.retryable if retryable else None,
    )


_WITHOUT_REASON = frozenset({"cancelled", "expired"})
_OF_USER = {"completed": "completed", **dict.fromkeys(FINAL - {"completed"}, "failed")}


def _told(change: Change) -> Message:
    match change.event:
        case OrderPlaced():
            return {"message": PENDING}
        case OrderRouted() as event:
            return {"message": ROUTED.format(venue=event.venue), "selectedDex": event.venue}
        case OrderExecuted() as event:
            return {
                "message": COMPLETED.format(venue=event.venue),
                "selectedDex": event.venue,
                "executedPrice": event.fill.executed_price,
                "txHash": event.fill.tx_hash,
            }
        case OrderRetryScheduled() as event:
            seconds = f"{event.delay.total_seconds():g}"
            sentence = RETRYING.format(attempt=event.attempt, seconds=seconds)
            return {"message": sentence, "error": _text(event.reason)}
        case OrderRetryDue() as event:
            return {"message": AGAIN.format(attempt=event.attempt)}
        case OrderFailed() as event:
            sentence = FAILED.format(attempts=event.attempts)
            return {"message": sentence, "error": _text(event.reason)}
        case _:
            return _told_beside(change.event)


def _told_beside(event: Beside) -> Message:
    match event:
        case OrderRested():
            error = _text(event.reason) if event.reason else None
            return _present(message=RESTING, error=error)
        case OrderTriggered():
            return {"message": TRIGGERED}
        case OrderAmended():
            return {"message": AMENDED}
        case OrderCancelled():
            return {"message": CANCELLED.format(attempts=event.attempts)}
        case OrderExpired():
            return {"message": EXPIRED.format(attempts=event.attempts)}
        case OrderCancelRequested() | OrderAmendRequested() | OrderAmendRejected():
            return {"message": WISHED}
        case _:
            assert_never(event)


def _reason(change: Change) -> Reason | None:
    match change.event:
        case OrderRetryScheduled(reason=reason) | OrderFailed(reason=reason):
            return reason
        case _:
            return None


def _text(reason: Reason) -> str | None:
    return reason_text(reason.code, reason.message)


def _present(**members: object) -> Message:
    return {name: value for name, value in members.items() if value is not None}
