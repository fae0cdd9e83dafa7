"""The market as this worker has heard it: the last prices, the best of late, and the pools.

Pure but for asking whether prices have fallen silent. What follows from it is decided elsewhere.
"""

import logging
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from msgspec.structs import replace

from orders.pairs import symbol_of
from orders.values import MONEY, Liquidity, Tick
from runtime.silence import Silence
from streams.book import Side, sides_of

logger = logging.getLogger(__name__)

KEPT = timedelta(minutes=10)
"""A crossing this long ago is not missed, whatever became of the worker that was to see it."""


class Hearing(Silence):
    """Knows, too, whether a price of the present has been heard at all: those of the past do not
    count."""

    begun = False

    def heard(self) -> None:
        """Notice that a price came just now."""
        self.begun = True
        super().heard()

    def is_silent(self) -> bool:
        """Return whether there is no price on which anything may fire."""
        return self.silent or not self.begun


class Peaks:
    """For each moment of late the best price since: only prices that no later one has reached."""

    def __init__(self) -> None:
        self._peaks: list[tuple[datetime, Decimal, Tick]] = []

    def add(self, price: Decimal, tick: Tick) -> None:
        """Take note of a price, in order of time."""
        peaks = self._peaks
        while peaks and peaks[-1][1] <= price:
            peaks.pop()
        peaks.append((tick.at, price, tick))
        if peaks[0][0] < tick.at - KEPT:
            del peaks[: self._first_after(tick.at - KEPT)]

    def since(self, moment: datetime) -> tuple[Decimal, Tick] | None:
        """Return the best price after a moment and its tick."""
        first = self._first_after(moment)
        return self._peaks[first][1:] if first < len(self._peaks) else None

    def _first_after(self, moment: datetime) -> int:
        return bisect_right(self._peaks, moment, key=lambda peak: peak[0])


PoolsOf: TypeAlias = Callable[[str], Iterable[Liquidity]]
"""The pools that a token, by symbol, has without anybody having told them, at most one a venue."""


class MarketView:
    """Prices of both directions of each pair, and every pool: those told, and those of old."""

    def __init__(
        self, is_silent: Callable[[], bool], pools_of_old: PoolsOf = lambda _symbol: ()
    ) -> None:
        self._is_silent = is_silent
        self._pools_of_old = pools_of_old
        self._last: dict[Side, tuple[Decimal, Tick]] = {}
        self._peaks: defaultdict[Side, Peaks] = defaultdict(Peaks)
        self._pools: defaultdict[str, dict[str, Liquidity]] = defaultdict(dict)

    @property
    def silent(self) -> bool:
        """Return whether nothing may fire on what was heard last."""
        return self._is_silent()

    def tick(self, tick: Tick) -> None:
        """Take note of what a pair is worth."""
        for side, price in sides_of(tick):
            self._last[side] = price, tick
            self._peaks[side].add(price, tick)

    def liquidity(self, pool: Liquidity) -> Liquidity:
        """Take note of what was put into a pool so far; return it with all that is in it now."""
        symbol = symbol_of(pool.token)
        self._pools[symbol][pool.pool] = pool
        return self._whole(symbol)[pool.pool]

    def now(self, side: Side) -> tuple[Decimal, Tick] | None:
        """Return the last price and its tick, None while prices are silent."""
        return None if self.silent else self._last.get(side)

    def best_since(self, side: Side, moment: datetime) -> tuple[Decimal, Tick] | None:
        """Return the best price of late after a moment (UTC), None while prices are silent."""
        return None if self.silent else self._peaks[side].since(moment)

    def pools(self, token: str) -> Iterable[Liquidity]:
        """Return the pools of a token, each with all that is in it now."""
        return self._whole(symbol_of(token)).values()

    def _whole(self, symbol: str) -> dict[str, Liquidity]:
        pools = {pool.pool: pool for pool in self._of_old(symbol)}
        for pool in self._pools.get(symbol, {}).values():
            old = pools.get(pool.pool)
            usd = MONEY.add(old.usd, pool.usd) if old else pool.usd
            pools[pool.pool] = replace(pool, usd=usd)
        return pools

    def _of_old(self, symbol: str) -> list[Liquidity]:
        """The pools of old; none, which is told, where they cannot be reckoned."""
        try:
            return [*self._pools_of_old(symbol)]
        except (ArithmeticError, ValueError):
            logger.exception("a token's pools cannot be reckoned", extra={"token": symbol})
            return []
