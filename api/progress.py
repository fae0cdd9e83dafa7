"""Waiting for the projection to reach a place, without asking it again and again."""

import asyncio
from collections.abc import Callable, Mapping


class Progress:
    """The offsets and places that reads wait for; the feed reader tells when they are reached."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._waiting: dict[asyncio.Future[None], tuple[int, int]] = {}
        self._heads: dict[asyncio.Future[None], int] = {}

    @property
    def empty(self) -> bool:
        """Return whether nobody waits."""
        return not self._waiting and not self._heads

    async def passed(self, seq: int, patience_s: float) -> bool:
        """Return whether the feed was seen to go beyond this `seq` within so many seconds."""
        passed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heads[passed] = seq
        self._wake()
        try:
            await asyncio.wait_for(passed, patience_s)
        except TimeoutError:
            return False
        finally:
            del self._heads[passed]
        return True

    async def reached(self, partition: int, offset: int, patience_s: float) -> bool:
        """Return whether the projection was seen at this offset within so many seconds."""
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[reached] = (partition, offset)
        self._wake()
        try:
            await asyncio.wait_for(reached, patience_s)
        except TimeoutError:
            return False
        finally:
            del self._waiting[reached]
        return True

    def moved(self, next_offsets: Mapping[int, int], head: int) -> None:
        """Wake everybody whose offset has been reached, or whose place in the feed passed."""
        for waiting, seq in self._heads.items():
            if head > seq and not waiting.done():
                waiting.set_result(None)
        for waiting, (partition, offset) in self._waiting.items():
            if next_offsets.get(partition, 0) >= offset and not waiting.done():
                waiting.set_result(None)
