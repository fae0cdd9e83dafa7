"""When a failed attempt is tried again, and when an order that fell short may fire again."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from orders.values import PRICE

REST_MIN = timedelta(seconds=1)
REST_MAX = timedelta(seconds=60)
_SURE = Decimal("0.0025")
"""What part of its price an order has to gain for each second of its pause to be sure of it."""


def rest_delay(rests: int) -> timedelta:
    """Return the wait of an order that falls back to rest and has rested so often, doubling."""
    doublings = min(max(rests - 1, 0), 6)
    return min(REST_MIN * (1 << doublings), REST_MAX)


def sure_price(fired_at: Decimal, delay: timedelta) -> Decimal:
    """Return the price from which on an order that fell short fires whatever the venues say.

    It is a quarter of a percent better than the one at which it fired, for each second of its
    pause: one that falls short again and again needs ever more. What is less may be the same
    shortfall once more.
    """
    gain = PRICE.multiply(_SURE, Decimal(delay / REST_MIN))
    return PRICE.multiply(fired_at, PRICE.add(1, gain))


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The ladder of delays, the first after attempt 1; past its end there is no retry."""

    delays: tuple[timedelta, ...] = (
        timedelta(seconds=2),
        timedelta(seconds=4),
        timedelta(seconds=8),
    )

    def delay_after(self, attempt: int) -> timedelta | None:
        """Return the wait after this failed attempt (from 1), or None when it was the last."""
        return self.delays[attempt - 1] if 1 <= attempt <= len(self.delays) else None
