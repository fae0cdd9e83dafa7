"""The market as this process hears it: the last price of each pair, and whoever follows them.

What people do to the simulated market goes to the venues that are asked here, too.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Protocol

from api import exact
from orders.values import Liquidity, Tick
from runtime.market import Listener, Listeners, Move
from runtime.silence import Silence
from venues.changes import Changes

PAUSE_S = 1.0

logger = logging.getLogger(__name__)

Follow = Callable[[Listener, asyncio.Event, Silence], Coroutine[None, None, None]]
"""Tells a listener the market until cancelled, and sets the event when all changes are known."""


class Hearer(Protocol):
    """Whoever hears the market; the call does not wait."""

    def hear(self, pair: str | None, text: str) -> None:
        """Hear the members of a message, about this pair if it is a tick."""
        ...

    def hear_of_all(self, text: str) -> None:
        """Hear the members of a message that is about every pair."""
        ...


class Quotations:
    """Keeps the last price of each pair and tells everybody who follows each tick and pool."""

    def __init__(self, follow: Follow, changes: Changes, silence: Silence) -> None:
        self._follow = follow
        self._changes = changes
        self._silence = silence
        self._ticks: dict[str, Tick] = {}
        self._hearers: set[Hearer] = set()
        self._silent_told = False

    @property
    def ticks(self) -> list[Tick]:
        """Return the last tick of each pair, by pair."""
        return [self._ticks[pair] for pair in sorted(self._ticks)]

    @property
    def silent(self) -> bool:
        """Return whether prices have been silent for so long that nothing fires on the last."""
        return self._silence.silent

    def tick(self, tick: Tick) -> None:
        """Keep a price, and tell it."""
        self._tell_silence()
        self._ticks[tick.pair] = tick
        if self._hearers:
            self._tell(tick.pair, f'"type":"tick",{members_of(tick)}')

    def liquidity(self, liquidity: Liquidity) -> None:
        """Tell that a pool has liquidity."""
        told = {
            "type": "liquidity",
            "token": liquidity.token,
            "pool": liquidity.pool,
            "liquidity": liquidity.usd,
            "price": liquidity.price,
            "timestamp": liquidity.at,
        }
        self._tell(None, exact.write(told).decode()[1:-1])

    def moved(self, move: Move) -> None:
        """Do nothing: the ticks tell it."""

    @contextmanager
    def heard_by(self, hearer: Hearer) -> Iterator[None]:
        """Let somebody hear the market until the block ends."""
        self._hearers.add(hearer)
        try:
            yield
        finally:
            self._hearers.discard(hearer)

    async def run(self) -> None:
        """Listen until cancelled."""
        telling = asyncio.create_task(self._silence.tell(self._tell_silence))
        try:
            while True:
                try:
                    listeners = Listeners(self._changes, self)
                    await self._follow(listeners, self._changes.known, self._silence)
                except Exception:
                    logger.exception("the market is followed anew")
                await asyncio.sleep(PAUSE_S)
        finally:
            telling.cancel()

    def _tell_silence(self) -> None:
        if self.silent == self._silent_told:
            return
        self._silent_told = self.silent
        text = f'"type":"silence","silent":{exact.write(self.silent).decode()}'
        for hearer in tuple(self._hearers):
            hearer.hear_of_all(text)

    def _tell(self, pair: str | None, text: str) -> None:
        for hearer in tuple(self._hearers):
            hearer.hear(pair, text)


def members_of(tick: Tick) -> str:
    """Return a tick as the members of a JSON object."""
    told = {"pair": tick.pair, "price": tick.price, "timestamp": tick.at}
    return exact.write(told).decode()[1:-1]
