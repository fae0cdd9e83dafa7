"""The one reader of the feed in this process: wakes, reads what changed, passes it on.

It reads only while somebody waits for something, so an idle process costs nothing.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from api.hub import Closing, Hub
from api.ports import Feed, ReadModelAway
from api.progress import Progress
from api.rows import Changes
from orders.errors import NewerSchema

POLL_S = 1.0
PAUSE_S = 0.5
ATTACH_TIMEOUT_S = 5.0

logger = logging.getLogger(__name__)


class FeedReader:
    """Tails the projection by `seq` and tells hub and progress what it saw."""

    def __init__(
        self, feed: Feed, hub: Hub, fail: Callable[[str], None], pause_s: float = PAUSE_S
    ) -> None:
        self.hub = hub
        self._wake = asyncio.Event()
        self.progress = Progress(self._wake.set)
        self._feed = feed
        self._fail = fail
        self._pause_s = pause_s
        self._after: int | None = None
        self._epoch: str | None = None
        self._attaching: list[asyncio.Future[None]] = []

    async def attached(self) -> None:
        """Return when all that is read from now on reaches the subscriptions there are now.

        What was projected before is in the tables by then. Raises `ReadModelAway`.
        """
        attached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._attaching.append(attached)
        self._wake.set()
        try:
            async with asyncio.timeout(ATTACH_TIMEOUT_S):
                await attached
        except TimeoutError:
            raise ReadModelAway("the feed does not move") from None

    async def run(self) -> None:
        """Read until cancelled; the read model may come and go."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._read())

    async def _listen(self) -> None:
        listening = True
        while True:
            try:
                async for _ in self._feed.wakes():
                    if not listening:
                        logger.info("feed listens again")
                    listening = True
                    self._wake.set()
            except ReadModelAway as away:
                if listening:
                    logger.warning("feed cannot listen", extra={"why": str(away)})
                listening = False
            except Exception:
                logger.exception("feed cannot listen")
            await asyncio.sleep(self._pause_s)

    async def _read(self) -> None:
        while True:
            await self._woken()
            if self._idle:
                self._after = None
                continue
            waiting, self._attaching = self._attaching, []
            try:
                self._pass_on(await self._feed.changes(self._after, self.hub.followed))
                _settle(waiting, None)
            except ReadModelAway as away:
                _settle(waiting, away)
                await asyncio.sleep(self._pause_s)
            except NewerSchema as newer:
                self._fail(f"{str(newer).capitalize()}.")
                return
            except Exception as error:
                # The feed outlives what it cannot read: its followers come back and start anew.
                logger.exception("feed starts over")
                _settle(waiting, ReadModelAway(str(error)))
                self._start_over()
                await asyncio.sleep(self._pause_s)

    async def _woken(self) -> None:
        patience = None if self._idle else POLL_S
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._wake.wait()
        self._wake.clear()

    @property
    def _idle(self) -> bool:
        return self.hub.empty and self.progress.empty and not self._attaching

    def _pass_on(self, seen: Changes) -> None:
        if self._after is not None and seen.epoch != self._epoch:
            # The numbering began anew: places in the old one mean nothing in it.
            self._start_over()
            self._wake.set()
        else:
            for change in seen.changes:
                self.hub.deliver(change)
            self._after = seen.upto
        self._epoch = seen.epoch
        self.progress.moved(seen.next_offsets, seen.head)
        if seen.upto < seen.head:
            self._wake.set()

    def _start_over(self) -> None:
        self._after = None
        self.hub.end_all(Closing.RESTART)


def _settle(waiting: list[asyncio.Future[None]], error: ReadModelAway | None) -> None:
    for future in waiting:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
