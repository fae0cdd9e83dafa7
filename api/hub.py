"""Who follows which orders, and the fan-out of changes to them, in memory."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import Protocol

from api.ports import Followed
from api.rows import Change

EVERYTHING = ""


class Closing(IntEnum):
    """Why a subscription ended, as a WebSocket close code."""

    RESTART = 1012
    TOO_SLOW = 4008


class Talker(Protocol):
    """Whoever has to be told when no change comes any more; the call does not wait."""

    def end(self, why: Closing) -> None:
        """Hear that no change comes any more."""
        ...


class Listener(Talker, Protocol):
    """Whoever hears changes; neither call waits."""

    def offer(self, change: Change) -> None:
        """Hear a change, in the order of the feed."""
        ...


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
        if change.record.superseded:
            return
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
        self._of_order: defaultdict[str, set[Listener]] = defaultdict(set)
        self._of_user: defaultdict[str, set[Listener]] = defaultdict(set)
        self._of_all: defaultdict[str, set[Listener]] = defaultdict(set)
        self._talking: set[Talker] = set()
        self._silent = asyncio.Event()
        self._silent.set()

    @property
    def followed(self) -> Followed:
        """Return whose changes anybody follows at this moment."""
        return Followed(tuple(self._of_order), tuple(self._of_user), bool(self._of_all))

    @property
    def empty(self) -> bool:
        """Return whether nobody follows anything."""
        return not self._of_order and not self._of_user and not self._of_all

    @contextmanager
    def follow_order(self, order_id: str) -> Iterator[Subscription]:
        """Follow the changes of one order until the block ends."""
        subscription = Subscription(self._limit)
        with self.heard_by(subscription, order_id=order_id):
            yield subscription

    @contextmanager
    def follow_user(self, user_id: str) -> Iterator[Subscription]:
        """Follow the changes of all of a user's orders until the block ends."""
        subscription = Subscription(self._limit)
        with self.heard_by(subscription, user_id=user_id):
            yield subscription

    @contextmanager
    def heard_by(
        self, listener: Listener, order_id: str | None = None, user_id: str | None = None
    ) -> Iterator[None]:
        """Let a listener hear the changes of an order, of a user, or all, until the block ends."""
        followers, key = self._of_all, EVERYTHING
        if order_id is not None:
            followers, key = self._of_order, order_id
        elif user_id is not None:
            followers, key = self._of_user, user_id
        followers[key].add(listener)
        try:
            yield
        finally:
            followers[key].discard(listener)
            if not followers[key]:
                del followers[key]

    @contextmanager
    def talking(self, talker: Talker) -> Iterator[None]:
        """Tell a talker, too, when no change comes any more, until the block ends."""
        self._talking.add(talker)
        self._silent.clear()
        try:
            yield
        finally:
            self._talking.discard(talker)
            if not self._talking:
                self._silent.set()

    async def leave(self, patience_s: float) -> None:
        """End everything and let the talkers have their last words, within so many seconds."""
        self.end_all(Closing.RESTART)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._silent.wait()

    def deliver(self, change: Change) -> None:
        """Give a change to everybody who follows its order or its user; never waits."""
        of_user = self._of_user.get(change.user_id, ()) if change.user_id is not None else ()
        of_all = self._of_all.get(EVERYTHING, ())
        for followers in (self._of_order.get(change.order_id, ()), of_user, of_all):
            for listener in tuple(followers):
                listener.offer(change)

    def end_all(self, why: Closing) -> None:
        """End every subscription."""
        for talker in tuple(self._talking):
            talker.end(why)
        for of_some in (self._of_order, self._of_user, self._of_all):
            for followers in tuple(of_some.values()):
                for listener in tuple(followers):
                    listener.end(why)
