"""One subscription of a client: what was, from where it wants it, then what comes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from api import errors, exact, schemas
from api.errors import Refusal
from api.feed import FeedReader
from api.frames import Subscribe
from api.hub import Closing
from api.outbox import Outbox, nothing
from api.ports import LAST_SEQ, ReadModel, ReadModelAway
from api.records import record_text
from api.rows import Change, Changes, OrderRow, Page
from api.selection import Pair, Wanted

MOST_IN_SNAPSHOT = 500
SOON = timedelta(seconds=1)


class Following:
    """Tells a client every change that fits its filter once, by `seq`.

    It hears changes live all the while; those that it hears before it has caught up it reads from
    the tables, and it goes live only when it has heard of none beyond what it has read.
    """

    def __init__(
        self,
        wish: Subscribe,
        feed: FeedReader,
        read_model: ReadModel,
        outbox: Outbox,
        end: Callable[[Closing], None],
    ) -> None:
        self.wish = wish
        self._id = exact.write(wish.id).decode()
        self._sent: int | None = None
        self._epoch: str | None = None
        self._feed = feed
        self._read_model = read_model
        self._outbox = outbox
        self._end = end
        self._told = 0
        self._heard = 0
        self._live = False

    @property
    def resume(self) -> dict[str, object]:
        """Return where the client can go on: where it wished to begin, until it has begun."""
        wish, sent = self.wish, self._sent
        begin, epoch = (wish.from_seq, wish.epoch) if sent is None else (sent + 1, self._epoch)
        return {"id": wish.id, "fromSeq": begin, "epoch": epoch}

    async def run(self, permit: Callable[[Subscribe], Awaitable[None]]) -> None:
        """Tell until cancelled; return when it went wrong, which is told, for this one alone."""
        picked = self.wish.filter.picked
        try:
            await permit(self.wish)
            with self._feed.hub.heard_by(self, picked.order_id, picked.user_id):
                await self._feed.attached()
                await self._begin()
                await self._catch_up()
                self._say({"type": "caughtUp", "id": self.wish.id, "seq": self._told})
                await asyncio.get_running_loop().create_future()
        except ReadModelAway:
            self._refuse(Refusal(errors.PROJECTION_UNAVAILABLE, retry_after=SOON))
        except Refusal as refusal:
            self._refuse(refusal)

    def offer(self, change: Change) -> None:
        """Hear a change; tell it once the client has been told all before it."""
        if self._wants(change):
            self._heard = max(self._heard, change.seq)
            if self._live and change.seq > self._told:
                self._tell(change)

    def end(self, why: Closing) -> None:
        """Hear that no change comes any more."""
        self._end(why)

    async def _begin(self) -> None:
        wish = self.wish
        now = await self._read_model.replay(LAST_SEQ, wish.filter.picked)
        self._require_epoch(now, wish.epoch)
        page = await self._snapshot() if wish.snapshot else None
        newest = page.head if page else now.head
        begin = newest if wish.from_seq is None else wish.from_seq - 1
        self._told = self._sent = begin
        self._say({"type": "subscribed", "id": wish.id, "seq": begin, "epoch": self._epoch})
        if page is not None:
            orders = [_view(row) for row in page.orders]
            told = {"seq": page.head, "complete": page.after is None, "orders": orders}
            self._say({"type": "snapshot", "id": wish.id, **told})

    async def _snapshot(self) -> Page:
        wanted = self.wish.filter
        some = Wanted(
            statuses=(wanted.status,) if wanted.status else (),
            user_id=wanted.user_id,
            order_id=wanted.picked.order_id,
            pair=Pair(*wanted.pair.split("/")) if wanted.pair else None,
        )
        return await self._read_model.page(some, MOST_IN_SNAPSHOT, None)

    async def _catch_up(self) -> None:
        after = self._told
        while not self._live:
            part = await self._read_model.replay(after, self.wish.filter.picked)
            self._require_epoch(part, self._epoch)
            async with self._outbox.turn:
                await self._outbox.ready()
                for change in part.changes:
                    if self._wants(change):
                        self._tell(change)
            after = part.upto
            self._live = after >= part.head and self._heard <= after

    def _require_epoch(self, seen: Changes, expected: str | None) -> None:
        if expected not in (None, seen.epoch):
            raise Refusal(errors.EPOCH_CHANGED, epoch=seen.epoch)
        self._epoch = seen.epoch

    def _wants(self, change: Change) -> bool:
        if change.record.superseded and not self.wish.superseded:
            return False
        return self.wish.filter.wants(change)

    def _tell(self, change: Change) -> None:
        seq, before = change.seq, self._told
        self._told = seq

        def sent() -> None:
            self._sent = seq

        place = f'"id":{self._id},"seq":{seq},"prevSeq":{before}'
        self._put(f'{{"type":"event",{place},{_told(change)}}}', sent)

    def _say(self, body: dict[str, Any]) -> None:
        self._put(exact.write(body).decode(), nothing)

    def _put(self, text: str, sent: Callable[[], None]) -> None:
        if not self._outbox.put(text, sent):
            self._end(Closing.TOO_SLOW)

    def _refuse(self, refusal: Refusal) -> None:
        self._say({**refusal.body, "type": "error", "id": self.wish.id})


@lru_cache(maxsize=16)
def _told(change: Change) -> str:
    # Written once, for it goes to everybody who follows it, one right after the other.
    order = exact.write(_view(change.order)).decode()
    return f'"event":{record_text(change.record)},"order":{order}'


def _view(order: OrderRow) -> dict[str, Any]:
    return schemas.order_view(order).model_dump(by_alias=True)
