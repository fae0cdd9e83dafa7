"""Whether an order was tried again as it may be: three times, after 2 s, 4 s and 8 s, if at all."""

from datetime import timedelta

from orders.events import AnyOrderEvent, OrderRetryDue, OrderRetryScheduled

LADDER = (timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8))
FATAL = frozenset(
    {"NO_LIQUIDITY", "UNKNOWN_TOKEN", "INVALID_ORDER", "INSUFFICIENT_FUNDS", "QUARANTINED"}
)
"""Reasons after which nothing is tried again. Kept apart from the engine's own list on purpose."""


def flaw_of(
    event: AnyOrderEvent, waited: timedelta, scheduled: timedelta | None = None
) -> str | None:
    """Return what is wrong with a retry, or None.

    `waited` is the broker's time from the order's event before this one, `scheduled` the delay that
    one named.
    """
    match event:
        case OrderRetryScheduled():
            return _scheduled(event)
        case OrderRetryDue():
            return _due(event, waited, scheduled or timedelta())
        case _:
            return None


def _scheduled(event: OrderRetryScheduled) -> str | None:
    code = event.reason.code.value
    if code in FATAL:
        return f"was to be tried again after {code}"
    if event.attempt > len(LADDER):
        return f"was to be tried again after attempt {event.attempt}"
    if event.delay < LADDER[event.attempt - 1]:
        return f"was to be tried again {event.delay} after attempt {event.attempt}"
    return None


def _due(event: OrderRetryDue, waited: timedelta, scheduled: timedelta) -> str | None:
    failed = event.attempt - 1
    least = max(scheduled, LADDER[failed - 1]) if 0 < failed <= len(LADDER) else scheduled
    if waited < least:
        return f"began attempt {event.attempt} after {waited}, not {least}"
    return None
