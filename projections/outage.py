"""Something the projector needs is away: say so once, wait longer each time, say when it ends."""

import logging
from datetime import timedelta

_SHORTEST = timedelta(milliseconds=100)
_LONGEST = timedelta(seconds=2)

logger = logging.getLogger(__name__)


class Outage:
    """Knows whether Kafka or PostgreSQL was away when last tried."""

    def __init__(self) -> None:
        self._delay: timedelta | None = None

    def goes_on(self, error: Exception) -> timedelta:
        """Return how long to wait before the next try; the first time, log why."""
        if self._delay is None:
            why = (str(error).splitlines() or [""])[0] or type(error).__name__
            logger.warning(
                "waiting for Kafka or PostgreSQL", extra={"action": "outage_began", "why": why}
            )
            self._delay = _SHORTEST
        else:
            self._delay = min(_LONGEST, self._delay * 2)
        return self._delay

    def is_over(self) -> None:
        """Log that everything answers again, if it did not."""
        if self._delay is not None:
            logger.info("Kafka and PostgreSQL answer again", extra={"action": "outage_ended"})
        self._delay = None
