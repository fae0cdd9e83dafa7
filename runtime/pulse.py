"""Lets what comes one by one go on together, so that a wake-up, a request, a write serve many."""

import asyncio
from datetime import timedelta


class Pulse:
    """A gate that opens at most once in so long: for the first at once, for all who came since.

    It bounds how often something is done for them, never how many there are.
    """

    def __init__(self, pause: timedelta) -> None:
        self._pause = pause.total_seconds()
        self._last = float("-inf")
        self._gate: asyncio.Event | None = None

    async def wait(self) -> None:
        """Return when the gate opens, in the order of the callers: after `pause` at the latest."""
        if self._gate is None:
            loop = asyncio.get_running_loop()
            self._gate = asyncio.Event()
            loop.call_later(max(0, self._last + self._pause - loop.time()), self._open, self._gate)
        await self._gate.wait()

    def _open(self, gate: asyncio.Event) -> None:
        self._last, self._gate = asyncio.get_running_loop().time(), None
        gate.set()
