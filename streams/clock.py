"""The time streams and delays live by: the broker's, carried on by the monotonic clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class BrokerClock:
    """The last broker timestamp seen plus the time since: a wrong local clock moves nothing.

    Until a record has been read live it shows the local time, or a later one that the log tells:
    what recovery reads may be hours old, and a quote would look as fresh as it was then.
    """

    def __init__(self, local: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._origin = local() - timedelta(seconds=monotonic())
        self._seen = False

    def saw(self, appended_at: datetime, *, live: bool = True) -> None:
        """Take note of a broker timestamp (UTC); only the first read live may set it back."""
        origin = appended_at - timedelta(seconds=self._monotonic())
        if origin > self._origin or (live and not self._seen):
            self._origin = origin
        self._seen = self._seen or live

    def __call__(self) -> datetime:
        """Return the present broker time (UTC)."""
        return (self._origin + timedelta(seconds=self._monotonic())).astimezone(UTC)
