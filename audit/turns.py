"""Whose turn it is: within a partition, orders are begun first come, first served."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """When the log was looked at, by the broker's time, and how long an order may stand still."""

    now: datetime
    stuck_after: timedelta

    def is_over(self, since: datetime) -> bool:
        """Return whether a wait that began then has lasted too long."""
        return self.now - since > self.stuck_after


class Turns:
    """What one partition has begun, and so which of its orders may still wait to be."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._begun_at = _NEVER
        self._passed = _NEVER

    def began(self, came_at: datetime, begun_at: datetime, *, first: bool) -> None:
        """Note an attempt: since when its order had waited, and whether it is the order's first."""
        self._begun_at = max(self._begun_at, begun_at)
        # A takeover may begin some out of turn, and does so at once: what is begun lately tells
        # nothing. A retry stands in the row from when it was due, but goes ahead at a takeover.
        if first and self._moment.is_over(begun_at):
            self._passed = max(self._passed, came_at)

    def may_wait(self, since: datetime) -> bool:
        """Return whether an order that waits since then may still have its turn to come.

        It may while others are begun, but none that was placed after it has been begun long ago.
        """
        return not self._moment.is_over(self._begun_at) and since >= self._passed
