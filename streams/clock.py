"""The time streams and delays live by: the broker's, carried on by the monotonic clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class BrokerClock:
    """The last broker timestamp seen plus the time since: a wrong local clock moves nothing.

    Until a record has been seen it shows the local time.
    """

    def __init__(self, local: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._origin = local() - timedelta(seconds=monotonic())
        self._seen = False

    def saw(self, appended_at: datetime) -> None:
        """Take note of a broker timestamp (UTC); an older one than expected changes nothing."""
        origin = appended_at - timedelta(seconds=self._monotonic())
        if not self._seen or origin > self._origin:
            self._origin = origin
            self._seen = True

    def __call__(self) -> datetime:
        """Return the present broker time (UTC)."""
        return (self._origin + timedelta(seconds=self._monotonic())).astimezone(UTC)
