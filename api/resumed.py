"""What the sockets of one order and of one user tell from a place on: what was, then what comes."""

import re
from collections.abc import AsyncGenerator

from api.callers import Caller
from api.errors import EPOCH_CHANGED, Kind, Refusal
from api.hub import Subscription
from api.messages import Message, order_message, user_message
from api.parts import Parts
from api.ports import LAST_SEQ, Feed, Picked
from api.rows import Change
from api.words import FINAL

_DIGITS = re.compile(r"[0-9]{1,19}")


def place(text: str | None, refused: Kind) -> int | None:
    """Return the place that a parameter names, if it is given; raise `Refusal` for what is none."""
    if text is None:
        return None
    if not _DIGITS.fullmatch(text) or int(text) > LAST_SEQ:
        raise Refusal(refused)
    return int(text)


class Past:
    """Some changes as the tables tell them, read a window at a time; `after` is how far."""

    def __init__(self, feed: Feed, picked: Picked, after: int, epoch: str | None = None) -> None:
        self._feed = feed
        self._picked = picked
        self.after = after
        self.epoch = epoch

    async def changes(self) -> AsyncGenerator[Change, None]:
        """Yield what follows, up to the end of the feed.

        Raises `ReadModelAway`, and `Refusal` when the feed is numbered in another epoch.
        """
        head = LAST_SEQ
        while self.after < head:
            part = await self._feed.replay(self.after, self._picked)
            if self.epoch not in (None, part.epoch):
                raise Refusal(EPOCH_CHANGED, epoch=part.epoch)
            self.epoch, head = part.epoch, part.head
            for change in part.changes:
                if change.version and not change.record.superseded:
                    yield change
            self.after = part.upto


async def story_of_order(
    parts: Parts, order_id: str, version: int, subscription: Subscription, caller: Caller
) -> AsyncGenerator[Message, None]:
    """Tell each change of an order from a version on, until the final one."""
    await parts.feed.attached()
    row = await parts.lookup.find(order_id, parts.order_rows.of)
    caller.require_sees(row.user_id)
    status, told = row.status, 0
    async for change in Past(parts.read_model, Picked(order_id=order_id), 0).changes():
        status, told = change.status, change.version
        if told >= version:
            yield order_message(change)
    while status not in FINAL:
        change = await subscription.next()
        if change.version > told:
            status, told = change.status, change.version
            if told >= version:
                yield order_message(change)


async def story_of_user(
    parts: Parts, user_id: str, past: Past, subscription: Subscription
) -> AsyncGenerator[Message, None]:
    """Tell each change of a user's orders after a place in the feed, each with its own place."""
    # What was long ago is read first: meanwhile nothing has to be kept for the client.
    async for change in past.changes():
        if message := _placed(change, past):
            yield message
    with parts.feed.hub.heard_by(subscription, user_id=user_id):
        await parts.feed.attached()
        async for change in past.changes():
            if message := _placed(change, past):
                yield message
        while True:
            change = await subscription.next()
            if change.seq > past.after and (message := _placed(change, past)):
                yield message


def _placed(change: Change, past: Past) -> Message | None:
    message = user_message(change)
    return message and {**message, "seq": change.seq, "epoch": past.epoch}
