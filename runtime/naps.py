"""Lets many sleep by few timers: those who wake at nearly the same time wake together."""

import asyncio
from datetime import timedelta

_STEP_PART = 0.1
"""A nap's step is no longer than this part of the nap, unless it is the shortest there is."""


class Naps:
    """Sleeps about as long as `asyncio.sleep`, which takes a timer for each who sleeps.

    All wake at whole steps of the loop's time: up to half a step earlier or later than they asked.
    The step is the one given, doubled for longer naps as often as it stays a tenth of them: what
    many do one after the other costs less than what each does between others. So does the timer
    wheel of Linux, by eights (kernel/time/timer.c).
    """

    def __init__(self, step: timedelta) -> None:
        self._step = step.total_seconds()
        self._sleepers: dict[int, list[asyncio.Future[None]]] = {}

    def sleep(self, seconds: float) -> asyncio.Future[None]:
        """Return what is done when the time is over; whoever cancels it is woken no more."""
        loop = asyncio.get_running_loop()
        longest = max(1, int(seconds * _STEP_PART / self._step))
        size = 1 << (longest.bit_length() - 1)
        step = size * round((loop.time() + seconds) / (size * self._step))
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
