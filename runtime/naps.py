"""Lets many sleep by few timers: those who wake at nearly the same time wake together."""

import asyncio
from datetime import timedelta
from math import floor, log2

_STEP_PART = 0.1
_STEP_MOST = timedelta(milliseconds=100)


def step_of(seconds: float, shortest: float) -> float:
    """Return the step of a nap so long, all in seconds.

    That is the shortest step, doubled as often as it stays at most a tenth of the nap and 100 ms.
    """
    most = min(seconds * _STEP_PART, _STEP_MOST.total_seconds())
    return shortest * 2.0 ** floor(log2(max(most / shortest, 1)))


class Naps:
    """Sleeps about as long as `asyncio.sleep`, which takes a timer for each who sleeps.

    All wake at whole steps of the loop's time: up to half a step earlier or later than they asked.
    The step is the one given, and a larger one for longer naps: what many do one after the other
    costs less than what each does between others. The timer wheel of Linux has larger steps for
    longer times too (kernel/time/timer.c).
    """

    def __init__(self, step: timedelta) -> None:
        self._shortest = step.total_seconds()
        self._sleepers: dict[int, list[asyncio.Future[None]]] = {}

    def sleep(self, seconds: float) -> asyncio.Future[None]:
        """Return what is done when the time is over; whoever cancels it is woken no more."""
        loop = asyncio.get_running_loop()
        step = step_of(seconds, self._shortest)
        # As a number of the shortest: naps of all steps that end together end by one timer.
        number = round((loop.time() + seconds) / step) * round(step / self._shortest)
        if number not in self._sleepers:
            self._sleepers[number] = []
            loop.call_at(number * self._shortest, self._wake, number)
        nap: asyncio.Future[None] = loop.create_future()
        self._sleepers[number].append(nap)
        return nap

    def _wake(self, number: int) -> None:
        for nap in self._sleepers.pop(number):
            if not nap.done():
                nap.set_result(None)
