"""The feed as one long answer: from any `seq` to another, or on and on as events come."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from api.errors import EPOCH_CHANGED, Refusal
from api.ports import LAST_SEQ, Feed, FeedRow, Picked, ReadModelAway, Window
from api.progress import Progress

HEARTBEAT_S = 5.0
PAUSE_S = 0.5
MOST_PAUSES = 60


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which records a client wants: those after a `seq`, up to another or without end.

    `epoch` is the numbering the client counts in, when it names one.
    """

    picked: Picked
    after: int = 0
    upto: int | None = None
    follow: bool = False
    epoch: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some records of a stretch, and the head of the feed; without records it is a heartbeat."""

    epoch: str
    head: int
    rows: list[FeedRow]


class Streams:
    """Reads stretches of the feed, a window at a time, as fast as their clients take them."""

    def __init__(self, feed: Feed, progress: Progress) -> None:
        self._feed = feed
        self._progress = progress

    async def open(self, stretch: Stretch) -> AsyncGenerator[Piece, None]:
        """Return the pieces of a stretch, once the first is there.

        Raises `ReadModelAway`, and `Refusal` when the client counts in another epoch.
        """
        first = await self._feed.records(stretch.after, stretch.upto, stretch.picked)
        if stretch.epoch not in (None, first.epoch):
            raise Refusal(EPOCH_CHANGED, epoch=first.epoch)
        return self._pieces(replace(stretch, epoch=first.epoch), first)

    async def _pieces(self, stretch: Stretch, window: Window | None) -> AsyncGenerator[Piece, None]:
        clock = asyncio.get_running_loop().time
        told_at = clock()
        while window is not None and window.epoch == stretch.epoch:
            if window.rows or clock() - told_at >= HEARTBEAT_S:
                yield Piece(window.epoch, window.head, window.rows)
                told_at = clock()
            if window.upto >= (LAST_SEQ if stretch.upto is None else stretch.upto):
                return
            if window.upto >= window.head:
                if not stretch.follow:
                    return
                patience = HEARTBEAT_S - (clock() - told_at)
                await self._progress.passed(window.upto, max(0, patience))
            window = await self._next(stretch, window.upto)

    async def _next(self, stretch: Stretch, after: int) -> Window | None:
        """Read on, or tell that the tables have been away for too long."""
        for _ in range(MOST_PAUSES):
            try:
                return await self._feed.records(after, stretch.upto, stretch.picked)
            except ReadModelAway:
                await asyncio.sleep(PAUSE_S)
        return None
