"""Whether the engine takes more orders: it counts those it has not finished, once a second."""

import asyncio
import logging
from datetime import timedelta

from api.errors import ENGINE_BUSY, Refusal
from api.ports import Counts, ReadModelAway

COUNT_EVERY_S = 1.0
BELIEVED_S = 5.0
SOON = timedelta(seconds=1)

logger = logging.getLogger(__name__)


class Room:
    """Closed while more orders are unfinished than the limit; open when they cannot be counted.

    No placement ever waits for the count: it is made beside them.
    """

    def __init__(self, counts: Counts, limit: int) -> None:
        self._counts = counts
        self._limit = limit
        self._unfinished = 0
        self._closed_until = 0.0
        self._full = False

    def require(self) -> None:
        """Raise `Refusal` while the engine is full, as far as was seen a moment ago."""
        if self._full and asyncio.get_running_loop().time() < self._closed_until:
            message = (
                f"The engine has {self._unfinished} unfinished orders and takes new ones again "
                f"from {self._limit} on down; this one was not taken: try again later."
            )
            raise Refusal(ENGINE_BUSY, message, retry_after=SOON)

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            try:
                await self.count()
            except ReadModelAway:
                # The feed's reader says it; what was counted last is believed for a while.
                logger.debug("unfinished orders cannot be counted")
            except Exception:
                logger.exception("unfinished orders cannot be counted")
            await asyncio.sleep(COUNT_EVERY_S)

    async def count(self) -> None:
        """Look how many orders are unfinished; raise `ReadModelAway`."""
        self._unfinished = await self._counts.unfinished()
        self._closed_until = asyncio.get_running_loop().time() + BELIEVED_S
        full = self._unfinished > self._limit
        if full != self._full:
            sentence = "engine is full" if full else "engine takes orders again"
            logger.warning(sentence, extra={"unfinished": self._unfinished, "limit": self._limit})
        self._full = full
