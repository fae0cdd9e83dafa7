"""When a failed attempt is tried again, and when an order that fell short may fire again."""

from dataclasses import dataclass
from datetime import timedelta

REST_MIN = timedelta(seconds=1)
REST_MAX = timedelta(seconds=60)


def rest_delay(rests: int) -> timedelta:
    """Return the wait of an order that falls back to rest and has rested so often, doubling."""
    doublings = min(max(rests - 1, 0), 6)
    return min(REST_MIN * (1 << doublings), REST_MAX)


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
