"""Where rate limits are counted, in tests: in memory, or nowhere at all."""

import asyncio

from api.store import Memory


def storage():
    """Return a storage in memory."""
    return Memory()


class Broken(Memory):
    """A storage that fails: with an error, by keeping silent (None), or not at all (...)."""

    def __init__(self, error=None):
        super().__init__()
        self.error = error
        self.asked = 0

    async def acquire_sliding_window_entry(self, *about, **more):
        await self._asked()
        return await super().acquire_sliding_window_entry(*about, **more)

    async def incr(self, *about, **more):
        await self._asked()
        return await super().incr(*about, **more)

    async def _asked(self):
        self.asked += 1
        if self.error is None:
            await asyncio.Event().wait()
        if self.error is not ...:
            raise self.error
