"""Moves the market of a campaign: tokens up and down, pools of tokens that nobody knew."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from random import Random

from aiokafka.errors import KafkaError

from bench.chaos.clients import MOVED, STEPS, token_of
from local.errors import EngineError
from local.market import Desk, open_desk
from local.state import RunningEngine
from orders.topics import Topics
from venues.market import LISTINGS

MOVE_EVERY_S = 2.0
POOLS = (("RAYDIUM", Decimal(100_000)), ("METEORA", Decimal(200_000)))
"""What comes to a token's market, one half of its time after the other."""


class Mover:
    """A person at the market's desk, from `start` to `stop`; what cannot be done is left out.

    `placed` tells how many orders were placed, `every` how many of them wait for one token.
    """

    def __init__(
        self, engine: RunningEngine, seed: int, placed: Callable[[], int], every: int
    ) -> None:
        self.moves = 0
        self.pools = 0
        self.refused = 0
        self._engine = engine
        self._chance = Random(f"{seed}/market")
        self._placed = placed
        self._every = every
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def start(self) -> None:
        """Begin to move it."""
        self._thread.start()

    def stop(self) -> None:
        """Move it no more."""
        self._stopping.set()
        self._thread.join()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(EngineError, KafkaError, OSError):
                async with open_desk(self._engine.kafka, Topics(self._engine.topic_prefix)) as desk:
                    await self._work(desk)

    async def _work(self, desk: Desk) -> None:
        while not self._stopping.is_set():
            if self._placed() >= self._every * (self.pools + 1) // len(POOLS):
                number, half = divmod(self.pools, len(POOLS))
                if await self._do(desk.add(token_of(number), *POOLS[half], None)):
                    self.pools += 1
            token = self._chance.choice(MOVED)
            price = LISTINGS[token].usd * self._chance.choice(STEPS)
            if await self._do(desk.put(token, "USDC", price)):
                self.moves += 1
            await asyncio.to_thread(self._stopping.wait, MOVE_EVERY_S)

    async def _do(self, work: Awaitable[object]) -> bool:
        try:
            await work
        except EngineError:
            # It may have come to the market all the same: nobody has told so in time.
            self.refused += 1
            return False
        return True
