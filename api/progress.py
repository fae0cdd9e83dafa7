"""Waiting for the projection to reach a place in the log, without asking it again and again."""

import asyncio
from collections.abc import Callable, Mapping


class Progress:
    """The offsets that reads wait for; the feed reader tells when they are reached."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._waiting: dict[asyncio.Future[None], tuple[int, int]] = {}

    @property
    def empty(self) -> bool:
        """Return whether nobody waits."""
        return not self._waiting

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

    def moved(self, next_offsets: Mapping[int, int]) -> None:
        """Wake everybody whose offset has been reached."""
        for waiting, (partition, offset) in self._waiting.items():
            if next_offsets.get(partition, 0) >= offset and not waiting.done():
                waiting.set_result(None)
