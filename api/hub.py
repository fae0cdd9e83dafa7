"""Who follows which orders, and the fan-out of changes to them, in memory."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from api.ports import Change, Followed


class Closing(IntEnum):
    """Why a subscription ended, as a WebSocket close code."""

    RESTART = 1012
    TOO_SLOW = 4008


class Subscription:
    """The changes one client has not taken yet; a client that is too far behind is dropped."""

    def __init__(self, limit: int) -> None:
        self._changes: asyncio.Queue[Change] = asyncio.Queue(limit)
        self.ended: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()

    async def next(self) -> Change:
        """Return the next change, in the order of the log."""
        return await self._changes.get()

    def offer(self, change: Change) -> None:
        """Keep a change for the client, or end the subscription: its buffer is full."""
        try:
            self._changes.put_nowait(change)
        except asyncio.QueueFull:
            self.end(Closing.TOO_SLOW)

    def end(self, why: Closing) -> None:
        """Tell the client's task that no change comes any more."""
        if not self.ended.done():
            self.ended.set_result(why)


class Hub:
    """Every subscription of this process, by what it follows."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._of_order: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._of_user: defaultdict[str, set[Subscription]] = defaultdict(set)

    @property
    def followed(self) -> Followed:
        """Return whose changes anybody follows at this moment."""
        return Followed(tuple(self._of_order), tuple(self._of_user))

    @property
    def empty(self) -> bool:
        """Return whether nobody follows anything."""
        return not self._of_order and not self._of_user

    @contextmanager
    def follow_order(self, order_id: str) -> Iterator[Subscription]:
        """Follow the changes of one order until the block ends."""
        with self._follow(self._of_order, order_id) as subscription:
            yield subscription

    @contextmanager
    def follow_user(self, user_id: str) -> Iterator[Subscription]:
        """Follow the changes of all of a user's orders until the block ends."""
        with self._follow(self._of_user, user_id) as subscription:
            yield subscription

    def deliver(self, change: Change) -> None:
        """Give a change to everybody who follows its order or its user; never waits."""
        for subscription in self._of_order.get(change.order_id, ()):
            subscription.offer(change)
        if change.user_id is not None:
            for subscription in self._of_user.get(change.user_id, ()):
                subscription.offer(change)

    def end_all(self, why: Closing) -> None:
        """End every subscription."""
        for followers in (*self._of_order.values(), *self._of_user.values()):
            for subscription in followers:
                subscription.end(why)

    @contextmanager
    def _follow(
        self, followers: defaultdict[str, set[Subscription]], key: str
    ) -> Iterator[Subscription]:
        subscription = Subscription(self._limit)
        followers[key].add(subscription)
        try:
            yield subscription
        finally:
            followers[key].discard(subscription)
            if not followers[key]:
                del followers[key]
