"""The newest records of the feed, read once for all who follow it over HTTP."""

from api.ports import Feed, Picked
from api.records import Piece, Told, piece_of, told
from api.rows import OwnedRow
from api.shared import Shared

MOST = 4_000
AT_ONCE = 500
AHEAD = 1_000


class Recent:
    """Keeps some thousand records, however many follow; whoever is further behind reads the tables.

    So nothing is kept for a slow follower, and nothing lost to it.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._kept: list[tuple[OwnedRow, Told]] = []
        self._end = self._head = 0
        self._epoch = ""
        self._more = Shared(self._read_on)

    async def after(self, after: int, upto: int | None, picked: Picked) -> Piece:
        """Return the next wanted records after a `seq`, none beyond `upto`.

        Raises `ReadModelAway`.
        """
        if self._end <= after <= self._end + AHEAD:
            await self._more.answer()
        if self._epoch and self._end - len(self._kept) <= after <= self._end:
            return self._remembered(after, upto, picked)
        piece = piece_of(await self._feed.records(after, upto, picked))
        new = piece.epoch != self._epoch or piece.upto > self._end + AHEAD
        if new and piece.upto == piece.head:
            # Nobody has followed for a while: from here on it is read for all.
            self._begin(piece.epoch, piece.upto, piece.head)
        return piece

    def _remembered(self, after: int, upto: int | None, picked: Picked) -> Piece:
        first = after - (self._end - len(self._kept))
        some = self._kept[first : first + AT_ONCE]
        if upto is not None:
            some = some[: max(0, upto - after)]
        records = [text for row, text in some if wants(picked, row)]
        return Piece(self._epoch, after + len(some), self._head, records)

    async def _read_on(self) -> int:
        after = self._end
        news = await self._feed.news(after)
        if after == self._end:
            if news.epoch != self._epoch:
                self._begin(news.epoch, min(after, news.head), news.head)
            else:
                self._kept = [*self._kept, *((row, told(row)) for row in news.rows)][-MOST:]
                self._end, self._head = news.upto, news.head
        return self._end

    def _begin(self, epoch: str, end: int, head: int) -> None:
        self._kept = []
        self._epoch, self._end, self._head = epoch, end, head


def wants(picked: Picked, row: OwnedRow) -> bool:
    """Return whether a record is among those that are wanted."""
    return (
        (picked.superseded or not row.superseded)
        and (not picked.types or row.type in picked.types)
        and picked.order_id in (None, row.order_id)
        and picked.user_id in (None, row.user_id)
    )
