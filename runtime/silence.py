"""How long no price has come: the last ones mean nothing any more then."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

SILENT_AFTER = timedelta(seconds=5)

_LOOK = timedelta(seconds=1)

logger = logging.getLogger(__name__)


class Silence:
    """Tells whether no price has come for so long that the last ones mean nothing any more."""

    def __init__(self, monotonic: Callable[[], float], after: timedelta = SILENT_AFTER) -> None:
        self._monotonic = monotonic
        self._after = after.total_seconds()
        self._heard_at = monotonic()

    @property
    def silent(self) -> bool:
        """Return whether nothing fires on what was heard last."""
        return self.lasts_s > self._after

    @property
    def lasts_s(self) -> float:
        """Return for how many seconds no price has come."""
        return self._monotonic() - self._heard_at

    def heard(self) -> None:
        """Notice that a price came just now; one that is read of the past does not count."""
        self._heard_at = self._monotonic()

    async def tell(self, changed: Callable[[], None] = lambda: None) -> None:
        """Say when prices fall silent and when they come again, until cancelled.

        It is said in the log, and by calling `changed`.
        """
        told = False
        while True:
            if self.silent != told:
                told = not told
                changed()
                for_s = round(self.lasts_s, 1)
                if told:
                    extra = {"action": "market_silent", "for_s": for_s}
                    logger.warning(
                        "market is silent: nothing fires on its last prices", extra=extra
                    )
                else:
                    logger.info("market is heard again", extra={"action": "market_heard"})
            await asyncio.sleep(_LOOK.total_seconds())
