"""How many WebSockets one has at once: here, and in a shared store at all processes together."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from api.errors import RATE_LIMITED, Refusal
from api.store import Store

PERIOD_S = 10
YOUNG_S = 2.0
KEPT_S = 3 * PERIOD_S


class Crowd:
    """Counts open sockets by who pays for them.

    In a store they are counted anew in each period, by every process that has some: those of a
    process that was killed are forgotten with the period. While a period is young, and not every
    process may have counted, changes count in the last one too, and the larger count tells.
    """

    def __init__(
        self, store: Store, limit: int, clock: Callable[[], datetime], namespace: str
    ) -> None:
        self._store = store
        self._limit = limit
        self._clock = clock
        self._namespace = namespace
        self._here: Counter[str] = Counter()
        self._counted_in: int | None = None

    @asynccontextmanager
    async def member(self, who: str) -> AsyncIterator[None]:
        """Count a socket until the block ends. Raises `Refusal` when there are too many."""
        if not self._limit:
            yield
            return
        self._here[who] += 1
        try:
            if max(self._here[who], await self._everywhere(who, 1)) > self._limit:
                raise _too_many(self._limit)
            yield
        finally:
            self._here[who] -= 1
            if not self._here[who]:
                del self._here[who]
            await self._everywhere(who, -1)

    async def run(self) -> None:
        """Count anew in each period until cancelled."""
        while True:
            if self._here:
                await self._count(self._period()[0])
            await asyncio.sleep(PERIOD_S - self._period()[1])

    async def _everywhere(self, who: str, change: int) -> int:
        """Tell the store of a socket more or less; return how many it knows of."""
        if not self._store.shared:
            return 0
        period, age = self._period()
        # Whoever counts all has counted this one.
        total = await self._add(who, period, 0 if await self._count(period) else change)
        if age < YOUNG_S:
            total = max(total, await self._add(who, period - 1, change))
        return total

    async def _count(self, period: int) -> bool:
        """Tell the store of all that are open here; return whether this was not done yet."""
        if not self._store.shared or self._counted_in == period:
            return False
        self._counted_in = period
        # What changes from now on is told as a change; additions may arrive in any order.
        counts = list(self._here.items())
        await asyncio.gather(*(self._add(who, period, count) for who, count in counts))
        return True

    async def _add(self, who: str, period: int, amount: int) -> int:
        key = f"{self._namespace}sockets/{who}/{period}"
        storage = self._store.storage
        return await self._store.answer(lambda: storage.incr(key, KEPT_S, amount)) or 0

    def _period(self) -> tuple[int, float]:
        period, age = divmod(self._clock().timestamp(), PERIOD_S)
        return int(period), age


def _too_many(limit: int) -> Refusal:
    message = f"You have {limit} WebSockets open, as many as you may: close one first."
    return Refusal(RATE_LIMITED, message, retry_after=timedelta(seconds=PERIOD_S))
