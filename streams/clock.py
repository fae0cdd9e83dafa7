"""The time streams and delays live by: the broker's, carried on by the monotonic clock."""

from collections.abc import Callable
from datetime import UTC, datetime


class BrokerClock:
    """The last broker timestamp seen plus the time since: a wrong local clock moves nothing.

    Until it has seen one it shows the local time.
    """

    def __init__(self, local: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._origin = local().timestamp() - monotonic()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._seen = False

    def saw(self, time: datetime) -> None:
        """Take note of a server's time (UTC); only the first may set it back."""
        if time <= self._last:
            # It was as late already when the last one came.
            return
        self._last = time
        origin = time.timestamp() - self._monotonic()
        if not self._seen or origin > self._origin:
            self._origin = origin
        self._seen = True

    def __call__(self) -> datetime:
        """Return the present broker time (UTC)."""
        return datetime.fromtimestamp(self._origin + self._monotonic(), UTC)
