"""Lets what comes one by one go on together, so that a wake-up, a request, a write serve many."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

MANY = 4
"""The whole pause is for so many."""


class Pulse:
    """Beats when it is asked to, at once or, for all who asked since the last beat, after a pause.

    The pause is shorter in proportion after a beat for few. It bounds how often something is done
    for them, never how many there are.
    """

    def __init__(self, pause: timedelta, beat: Callable[[], None]) -> None:
        self._pause = pause.total_seconds()
        self._beat = beat
        self._last = float("-inf")
        self._asked = self._served = 0

    def ask(self) -> None:
        """Ask for a beat: it comes in the loop's next turn, or as soon as the pause is over."""
        self._asked += 1
        if self._asked == 1:
            loop = asyncio.get_running_loop()
            pause = self._pause * min(1, self._served / MANY)
            loop.call_later(max(0, self._last + pause - loop.time()), self._go)

    def _go(self) -> None:
        self._last = asyncio.get_running_loop().time()
        self._asked, self._served = 0, self._asked
        self._beat()
