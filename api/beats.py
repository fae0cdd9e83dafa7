"""The heartbeats of all clients of `WS /ws`: a question for the head of the feed serves many."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Protocol

from api import exact
from api.ports import LAST_SEQ, Feed, Picked, ReadModelAway
from api.rows import Changes
from api.shared import Shared

PERIOD_S = 5.0
TURNS = 20
LATE_TURNS = 4

logger = logging.getLogger(__name__)


class Beaten(Protocol):
    """Whoever hears heartbeats; the call does not wait."""

    def beat(self, text: str) -> None:
        """Hear one, as it is sent."""
        ...


class Beats:
    """Tells each client the head every 5 s; they take turns, so that none comes after all others.

    A question, a task and a timer for each client cost more than all that an idle one does else.
    """

    def __init__(self, feed: Feed) -> None:
        self._turns: deque[set[Beaten]] = deque(set() for _ in range(TURNS))
        self._heads = Shared(lambda: feed.replay(LAST_SEQ, Picked()))

    async def head(self) -> Changes:
        """Return where the feed is; raise `ReadModelAway`."""
        return await self._heads.answer()

    @contextmanager
    def felt_by(self, client: Beaten) -> Iterator[None]:
        """Let a client hear heartbeats until the block ends."""
        # One of those that were just now: nobody hears the first before about a period has passed.
        turn = min(islice(self._turns, TURNS - LATE_TURNS, None), key=len)
        turn.add(client)
        try:
            yield
        finally:
            turn.discard(client)

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S / TURNS)
            self._turns.rotate(-1)
            try:
                await self._beat(self._turns[-1])
            except ReadModelAway:
                # The feed's reader says it; a client is told when there is something to tell.
                logger.debug("no heartbeat without the projection")
            except Exception:
                logger.exception("no heartbeat")

    async def _beat(self, turn: set[Beaten]) -> None:
        if turn:
            now = await self.head()
            text = said("heartbeat", now)
            for client in tuple(turn):
                client.beat(text)


def said(kind: str, now: Changes, **more: object) -> str:
    """Return the message that tells the head of the feed."""
    body = {"type": kind, "headSeq": now.head, "epoch": now.epoch, **more}
    return exact.write(body).decode()
