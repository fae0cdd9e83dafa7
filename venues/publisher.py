"""Tells the simulated market: each pair when its price has moved, and a still one now and then.

Where the ticks go is the caller's to say; no Kafka in it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from orders.pairs import tokens_of
from orders.values import Liquidity, Tick
from runtime.market import Move
from venues.market import TICKS_A_SECOND, Market, anchor_of

STILL_TOLD = timedelta(seconds=2)
"""A pair that stands still is told so often: whoever begins to listen soon knows every price, and
a market without volatility is not taken for a silent one."""

_STEP_S = 1 / TICKS_A_SECOND

logger = logging.getLogger(__name__)


class Publisher:
    """Looks at the market with each of its steps, and at once when somebody put a token somewhere.

    It hears of the latter after the market did. A pair whose price is beyond all that can be told
    is left out, and so keeps no other from being told.
    """

    def __init__(
        self,
        market: Market,
        clock: Callable[[], datetime],
        publish: Callable[[Sequence[Tick]], Awaitable[None]],
    ) -> None:
        self._market = market
        self._clock = clock
        self._publish = publish
        self._told: dict[str, Tick] = {}
        self._untold: set[str] = set()
        self._moves: dict[str, Move] = {}
        self._moved = asyncio.Event()

    def tick(self, tick: Tick) -> None:
        """Do nothing: the ticks are ours."""

    def liquidity(self, liquidity: Liquidity) -> None:
        """Say that a pool has liquidity."""
        members = {"token": liquidity.token, "pool": liquidity.pool, "usd": str(liquidity.usd)}
        logger.info("pool has liquidity", extra={"action": "market_pool", **members})

    def moved(self, move: Move) -> None:
        """Say where somebody put a token, and tell its pairs at once."""
        members = {"token": move.token, "against": move.against, "price": str(move.price)}
        logger.info("token was moved", extra={"action": "market_moved", **members})
        self._moves[move.token] = move
        self._moved.set()

    async def run(self, began: Callable[[], None]) -> None:
        """Publish until cancelled, from when all changes are known on; say when it has begun."""
        await self._market.changes.known.wait()
        self._moves.clear()
        await self._publish(self._look())
        began()
        while True:
            await self._next_step()
            moves, self._moves = self._moves, {}
            self._moved.clear()
            for move in moves.values():
                await self._publish(self._moved_pairs(move))
            await self._publish(self._look())

    async def _next_step(self) -> None:
        left = _STEP_S - self._clock().timestamp() % _STEP_S
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._moved.wait()

    def _look(self) -> list[Tick]:
        """Every pair whose price has moved, or that was not told for a while."""
        at = self._clock()
        return self._new(self._market.pairs, self._market.tick(at), at)

    def _moved_pairs(self, move: Move) -> list[Tick]:
        """What the token's pairs were at the moment it was put there: its price as it was said."""
        at, step = self._clock(), self._market.tick(move.at)
        touched = [pair for pair in self._market.pairs if _touches(pair, move.token)]
        return self._new(touched, step, at)

    def _new(self, pairs: Iterable[str], step: int, at: datetime) -> list[Tick]:
        ticks = [tick for pair in pairs if (tick := self._tick(pair, step, at))]
        found = [tick for tick in ticks if self._differs(tick)]
        self._told.update((tick.pair, tick) for tick in found)
        return found

    def _tick(self, pair: str, step: int, at: datetime) -> Tick | None:
        try:
            tick = Tick(pair=pair, price=self._market.price(pair, step), at=at)
        except (ArithmeticError, ValueError) as error:
            if pair not in self._untold:
                self._untold.add(pair)
                members = {"action": "market_unpriced", "pair": pair, "why": str(error)}
                logger.warning("a pair's price cannot be told", extra=members)
            return None
        self._untold.discard(pair)
        return tick

    def _differs(self, tick: Tick) -> bool:
        told = self._told.get(tick.pair)
        return told is None or told.price != tick.price or tick.at - told.at >= STILL_TOLD


def _touches(pair: str, token: str) -> bool:
    return any(token in {symbol, anchor_of(symbol)} for symbol in tokens_of(pair))
