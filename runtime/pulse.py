"""Lets what comes one by one go on together, so that a wake-up, a request, a write serve many."""

import asyncio
from collections.abc import Callable
from datetime import timedelta


class Pulse:
    """Beats when it is asked to, at most once in so long: at once, or for all who asked since.

    It bounds how often something is done for them, never how many there are.
    """

    def __init__(self, pause: timedelta, beat: Callable[[], None]) -> None:
        self._pause = pause.total_seconds()
        self._beat = beat
        self._last = float("-inf")
        self._asked = False

    def ask(self) -> None:
        """Ask for a beat: it comes in the loop's next turn, or as soon as the pause is over."""
        if not self._asked:
            self._asked = True
            loop = asyncio.get_running_loop()
            loop.call_later(max(0, self._last + self._pause - loop.time()), self._go)

    def _go(self) -> None:
        self._last, self._asked = asyncio.get_running_loop().time(), False
        self._beat()
