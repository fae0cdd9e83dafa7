"""What is asked of an order, and what its time calls for: who asked gets one answer."""

from datetime import datetime

from orders.commands import AnswerOrder, Stamp
from orders.errors import Code, Reason
from orders.events import (
    AnyOrderEvent,
    OrderAmended,
    OrderAmendRejected,
    OrderCancelled,
    OrderExpired,
)
from orders.requests import Amend, Cancel, Crowded, is_amendment
from orders.stamping import envelope, wish_envelope
from orders.state import Open, Quarantined, Resting, Routed
from orders.wishes import MOST_AMENDS

TOO_MANY = Reason(
    code=Code.TOO_MANY_WISHES,
    message=f"{MOST_AMENDS} amendments of the order waited when this one came: ask again",
)


def answer(command: AnswerOrder, order: Open) -> AnyOrderEvent | None:
    """Return the order's end or its answer to the oldest wish, or None when nothing is asked.

    While an execution may have been sent nothing ends it: its outcome answers.
    """
    ended = None if is_sent(order) else end(order, command.stamp)
    match ended, order.unanswered:
        case None, Amend() as wish:
            return _amended(order, wish, command.stamp)
        case None, Crowded() as wish:
            return _rejected(order, wish, TOO_MANY, command.stamp)
        case _:
            return ended


def end(order: Open, stamp: Stamp) -> OrderCancelled | OrderExpired | None:
    """Return how an order ends whose execution, if any, is known to have traded nothing."""
    if order.cancel is not None:
        return _cancelled(order, order.cancel, stamp)
    if is_over(order, stamp.at):
        return OrderExpired(**envelope(order, stamp), attempts=order.attempts)
    return None


def is_over(order: Open, at: datetime) -> bool:
    """Return whether the order's time is over at this moment; a quarantined one has no such end."""
    return order.placement.terms.expired(at) and not isinstance(order, Quarantined)


def is_sent(order: Open) -> bool:
    """Return whether an execution may be on its way."""
    match order:
        case Routed():
            return True
        case Quarantined():
            return order.held is not None
        case _:
            return False


def _cancelled(order: Open, wish: Cancel, stamp: Stamp) -> OrderCancelled:
    answered = envelope(order, stamp, cause=wish.wish_id)
    return OrderCancelled(**answered, attempts=order.attempts)


def _amended(order: Open, wish: Amend, stamp: Stamp) -> OrderAmended | OrderAmendRejected:
    if not isinstance(order, Resting):
        reason = Reason(code=Code.NOT_RESTING, message="only an order that rests can be amended")
    elif order.version != wish.seen_version:
        message = f"the order is at version {order.version}, not {wish.seen_version} any more"
        reason = Reason(code=Code.VERSION_CHANGED, message=message)
    elif not is_amendment(order.placement.terms, wish.terms):
        message = "only amount, slippage, targetPrice and expiresAt can be amended"
        reason = Reason(code=Code.INVALID_ORDER, message=message)
    else:
        return OrderAmended(**envelope(order, stamp, cause=wish.wish_id), terms=wish.terms)
    return _rejected(order, wish, reason, stamp)


def _rejected(
    order: Open, wish: Amend | Crowded, reason: Reason, stamp: Stamp
) -> OrderAmendRejected:
    return OrderAmendRejected(**wish_envelope(order, stamp, cause=wish.wish_id), reason=reason)
