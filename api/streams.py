"""The feed as one long answer: from any `seq` to another, or on and on as events come."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

from api.errors import EPOCH_CHANGED, Refusal
from api.ports import LAST_SEQ, Feed, Picked, ReadModelAway
from api.progress import Progress
from api.recent import Recent
from api.records import Piece, piece_of

HEARTBEAT_S = 5.0
PAUSE_S = 0.5
MOST_PAUSES = 60
EPOCH = "X-Feed-Epoch"


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
class Opened:
    """A stretch that is being read, and the epoch its records are numbered in."""

    epoch: str
    pieces: AsyncGenerator[Piece, None]


class Streams:
    """Reads stretches of the feed, a window at a time, as fast as their clients take them."""

    def __init__(self, feed: Feed, progress: Progress) -> None:
        self._feed = feed
        self._recent = Recent(feed)
        self._progress = progress

    async def open(self, stretch: Stretch) -> Opened:
        """Return a stretch, once its first piece is there.

        Raises `ReadModelAway`, and `Refusal` when the client counts in another epoch.
        """
        first = await self._feed.records(stretch.after, stretch.upto, stretch.picked)
        if stretch.epoch not in (None, first.epoch):
            raise Refusal(EPOCH_CHANGED, epoch=first.epoch)
        pieces = self._pieces(replace(stretch, epoch=first.epoch), piece_of(first))
        return Opened(first.epoch, pieces)

    async def _pieces(self, stretch: Stretch, piece: Piece | None) -> AsyncGenerator[Piece, None]:
        clock = asyncio.get_running_loop().time
        told_at = clock()
        while piece is not None and piece.epoch == stretch.epoch:
            if piece.records or clock() - told_at >= HEARTBEAT_S:
                yield piece
                told_at = clock()
            if piece.upto >= (LAST_SEQ if stretch.upto is None else stretch.upto):
                return
            if piece.upto >= piece.head:
                if not stretch.follow:
                    return
                patience = HEARTBEAT_S - (clock() - told_at)
                await self._progress.passed(piece.upto, max(0, patience))
            piece = await self._next(stretch, piece.upto)

    async def _next(self, stretch: Stretch, after: int) -> Piece | None:
        """Read on, or tell that the tables have been away for too long."""
        for _ in range(MOST_PAUSES):
            try:
                if stretch.follow:
                    return await self._recent.after(after, stretch.upto, stretch.picked)
                return piece_of(await self._feed.records(after, stretch.upto, stretch.picked))
            except ReadModelAway:
                await asyncio.sleep(PAUSE_S)
        return None
