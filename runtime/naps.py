"""Lets many sleep by few timers: those who wake within the same few milliseconds wake together."""

import asyncio
from datetime import timedelta


class Naps:
    """Sleeps about as long as `asyncio.sleep`, which takes a timer for each who sleeps.

    All wake at whole steps of the loop's time: up to half a step earlier or later than they asked.
    """

    def __init__(self, step: timedelta) -> None:
        self._step = step.total_seconds()
        self._sleepers: dict[int, list[asyncio.Future[None]]] = {}

    def sleep(self, seconds: float) -> asyncio.Future[None]:
        """Return what is done when the time is over; whoever cancels it is woken no more."""
        loop = asyncio.get_running_loop()
        step = round((loop.time() + seconds) / self._step)
        if step not in self._sleepers:
            self._sleepers[step] = []
            loop.call_at(step * self._step, self._wake, step)
        nap: asyncio.Future[None] = loop.create_future()
        self._sleepers[step].append(nap)
        return nap

    def _wake(self, step: int) -> None:
        for nap in self._sleepers.pop(step):
            if not nap.done():
                nap.set_result(None)
