"""Each pair is told when its price has moved, and a still one now and then."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.support.log import eventually
from tests.support.market import move, pool
from venues.changes import Changes
from venues.market import Market
from venues.publisher import STILL_TOLD, Publisher

T0 = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(milliseconds=250)


class World:
    """A publisher on a market, with a clock that a test moves from step to step."""

    def __init__(self, volatility=0.01, *, known=True):
        self.now = T0
        self.told = []
        self.began = False
        self.changes = Changes(known=known)
        self.market = Market(1, volatility, self.changes)
        self.publisher = Publisher(self.market, lambda: self.now, self._publish)

    async def _publish(self, ticks):
        self.told.append(ticks)

    def put(self, *told):
        for one in told:
            self.changes.moved(one)
            self.publisher.moved(one)

    async def look(self):
        """Return what the next look tells."""
        count = len(self.told)

        async def again():
            return len(self.told) > count

        await eventually(again)
        return self.told[count]

    @asynccontextmanager
    async def running(self):
        def began():
            self.began = True

        task = asyncio.create_task(self.publisher.run(began))
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def of(ticks, pair):
    return next((tick for tick in ticks if tick.pair == pair), None)


async def test_every_pair_is_told_at_once_then_those_that_moved():
    async with World().running() as world:
        first = await world.look()
        assert len({tick.pair for tick in first}) == len(first) == 28
        assert world.began
        assert await world.look() == []
        world.now += STEP
        moved = await world.look()
        assert of(moved, "SOL/USDC").price != of(first, "SOL/USDC").price
        step = world.market.tick(world.now)
        assert all(tick.price == world.market.price(tick.pair, step) for tick in moved)
        assert {tick.at for tick in moved} == {world.now}


async def test_a_market_that_stands_still_is_told_now_and_then():
    async with World(volatility=0).running() as world:
        first = await world.look()
        world.now += STEP
        assert await world.look() == []
        world.now = T0 + STILL_TOLD
        again = await world.look()
        assert [(tick.pair, tick.price) for tick in again] == [
            (tick.pair, tick.price) for tick in first
        ]


async def test_where_somebody_puts_a_token_is_told_as_it_was_said_then_the_walk_goes_on():
    async with World().running() as world:
        await world.look()
        world.now += STEP / 2
        world.put(move("151.2", at=T0 - STEP))
        exact = await world.look()
        assert of(exact, "SOL/USDC").price == Decimal("151.2")
        assert all("SOL" in tick.pair for tick in exact)
        assert of(exact, "mSOL/USDC")
        on = world.told[world.told.index(exact) + 1]
        assert of(on, "SOL/USDC").price != Decimal("151.2")
        assert abs(of(on, "SOL/USDC").price - Decimal("151.2")) < 5


async def test_nothing_is_told_before_all_changes_are_known():
    world = World(volatility=0, known=False)
    async with world.running():
        world.put(move("151.2", at=T0))
        await asyncio.sleep(0)
        assert (world.told, world.began) == ([], False)
        world.changes.known.set()
        assert of(await world.look(), "SOL/USDC").price == Decimal("151.2")
        assert await world.look() == []


async def test_the_pairs_of_a_token_that_came_are_told():
    async with World(volatility=0).running() as world:
        await world.look()
        world.changes.liquidity(pool(price="2"))
        world.publisher.liquidity(pool(price="2"))
        told = await world.look()
        assert of(told, "NEWCOIN/USDC").price == 2
        assert len(told) == 8


async def test_a_price_beyond_all_that_can_be_told_keeps_no_other_pair_from_being_told(caplog):
    world = World(volatility=0)
    world.changes.liquidity(pool(price="1e30"))
    async with world.running():
        first = await world.look()
        assert of(first, "SOL/USDC")
        assert of(first, "NEWCOIN/USDC").price == Decimal("1e30")
        assert of(first, "NEWCOIN/PYTH") is None
        world.put(move("1e30"))
        assert of(await world.look(), "mSOL/USDC") is None
        world.put(move("151.2"))
        back = await world.look()
        assert of(back, "SOL/USDC").price == Decimal("151.2")
        assert of(back, "mSOL/USDC")
    untold = [record.pair for record in caplog.records if record.action == "market_unpriced"]
    assert len(untold) == len(set(untold))
    assert "mSOL/USDC" in untold
