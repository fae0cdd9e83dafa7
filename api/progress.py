"""Waiting for the projection to reach a place, without asking it again and again."""

import asyncio
from collections.abc import Callable, Mapping

Seen = Callable[[Mapping[int, int], int], bool]
"""Whether it is there, by the next offset of each partition and the head of the feed."""


class Progress:
    """The places that reads wait for; the feed reader tells when they are reached."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._waiting: dict[asyncio.Future[None], Seen] = {}

    @property
    def empty(self) -> bool:
        """Return whether nobody waits."""
        return not self._waiting

    async def reached(self, partition: int, offset: int, patience_s: float) -> bool:
        """Return whether the projection was seen at this offset within so many seconds."""
        return await self._seen(lambda offsets, _: offsets.get(partition, 0) >= offset, patience_s)

    async def passed(self, seq: int, patience_s: float) -> bool:
        """Return whether the feed was seen to go beyond this `seq` within so many seconds."""
        return await self._seen(lambda _, head: head > seq, patience_s)

    def moved(self, next_offsets: Mapping[int, int], head: int) -> None:
        """Wake everybody whose place has been reached."""
        for waiting, seen in self._waiting.items():
            if not waiting.done() and seen(next_offsets, head):
                waiting.set_result(None)

    async def _seen(self, seen: Seen, patience_s: float) -> bool:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiting] = seen
        self._wake()
        try:
            async with asyncio.timeout(patience_s):
                await waiting
        except TimeoutError:
            return False
        finally:
            del self._waiting[waiting]
        return True
