"""Limit and sniper orders fire on what real workers hear of the market."""

import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from msgspec.structs import replace

from orders.events import OrderExecuted, OrderRested, OrderRouted, OrderTriggered
from orders.state import Completed, Resting
from orders.values import Liquidity, Tick
from tests.support.builders import limit, terms
from tests.support.log import eventually, placements

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


@pytest.fixture
async def market(kafka, topics):
    """Tell workers what the market is like; the venues' own market is another and worth 150."""

    class Told:
        async def tick(self, price):
            tick = Tick(pair="SOL/USDC", price=Decimal(price), at=datetime.now(UTC))
            await self._send(topics.prices, tick.pair, tick)

        async def liquidity(self, token, price=1):
            now = datetime.now(UTC)
            about = {"usd": Decimal(100_000), "price": Decimal(price), "at": now}
            await self._send(topics.pools, token, Liquidity(token=token, pool="RAYDIUM", **about))

        async def go_on(self, price, seconds):
            for _ in range(seconds * 4):
                await self.tick(price)
                await asyncio.sleep(0.25)

        async def until(self, condition, price):
            """Go on telling a price until the condition holds."""

            async def told():
                await self.tick(price)
                return await condition()

            await eventually(told)

        async def _send(self, topic, key, value):
            await producer.send_and_wait(topic, msgspec.json.encode(value), key.encode(), 0)

    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        yield Told()


async def all_are(log, state, count):
    orders = (await log.orders()).values()
    return len(orders) == count and all(isinstance(order, state) for order in orders)


async def kinds(log):
    return Counter(type(event) for event in await log.events())


async def test_orders_at_rest_fire_once_when_their_price_is_told(run, log, market):
    run("worker")
    await log.append(*placements(50, terms=limit(140)))
    await eventually(lambda: all_are(log, Resting, 50))
    await market.go_on(139, 1)
    assert await all_are(log, Resting, 50)
    await market.until(lambda: all_are(log, Completed, 50), 150)
    told = await kinds(log)
    assert (told[OrderTriggered], told[OrderExecuted], told[OrderRested]) == (50, 50, 50)


async def test_an_order_that_could_fire_at_once_never_rests(run, log, market):
    run("worker")
    await log.append(*placements(1, terms=limit(140)))
    await eventually(lambda: all_are(log, Resting, 1))
    await market.until(lambda: all_are(log, Completed, 1), 150)
    await log.append(*placements(10, terms=limit(140)))
    await eventually(lambda: all_are(log, Completed, 11))
    assert (await kinds(log))[OrderRested] == 1


async def test_orders_just_out_of_reach_write_next_to_nothing(run, log, market):
    run("worker")
    await log.append(*placements(200, terms=limit(10_000)))
    await eventually(lambda: all_are(log, Resting, 200))

    async def all_fell_short():
        return (await kinds(log))[OrderRested] == 400

    await market.until(all_fell_short, 11_000)
    before = len(await log.events())
    await market.go_on(11_000, 6)
    assert len(await log.events()) == before


async def test_a_crossing_while_no_worker_ran_is_not_missed(run, log, market):
    first = run("worker")
    await log.append(*placements(20, terms=limit(140)))
    await eventually(lambda: all_are(log, Resting, 20))
    first.send_signal(signal.SIGKILL)
    await asyncio.to_thread(first.wait)
    await market.tick(145)
    await market.tick(130)
    run("worker")
    await market.until(lambda: all_are(log, Completed, 20), 130)
    told = await kinds(log)
    assert (told[OrderTriggered], told[OrderExecuted]) == (20, 20)


async def test_a_sniper_fires_on_a_pool_and_at_once_when_it_is_known(run, log, market):
    run("worker")
    snipe = terms(order_type="sniper", token_in="USDC", token_out="NEW1", slippage="0.2")
    await log.append(*placements(20, terms=snipe))
    await eventually(lambda: all_are(log, Resting, 20))
    await market.liquidity("RAY")
    await market.liquidity("NEW1")
    await eventually(lambda: all_are(log, Completed, 20))
    await log.append(*placements(5, terms=snipe))
    await eventually(lambda: all_are(log, Completed, 25))
    told = await kinds(log)
    assert (told[OrderTriggered], told[OrderExecuted], told[OrderRested]) == (25, 25, 20)


async def test_snipers_of_a_known_pool_start_in_the_order_of_their_placement(run, log, market):
    run("worker", ENGINE_QUOTE_LATENCY_MS="0")
    snipe = terms(order_type="sniper", token_in="USDC", token_out="NEW2", slippage="0.2")
    await log.append(*placements(1, terms=snipe))
    await market.liquidity("NEW2")
    await eventually(lambda: all_are(log, Completed, 1))
    placed = placements(40, terms=snipe)
    await log.append(*placed)
    await eventually(lambda: all_are(log, Completed, 41))
    events = [event for event in await log.events() if isinstance(event, OrderRouted)]
    started = {event.order_id: event.occurred_at for event in events}
    at = [started[event.order_id] for event in placed]
    assert at == sorted(at)


async def test_a_sniper_of_a_token_that_was_always_traded_fires_at_once(run, log, market):
    run("worker")
    snipe = terms(order_type="sniper", token_out="USDC", slippage="0.2")
    deep = replace(snipe, pool_provider="RAYDIUM", min_liquidity=Decimal(40_000_001))
    await log.append(*placements(5, terms=snipe))
    await eventually(lambda: all_are(log, Completed, 5))
    [waits] = placements(1, terms=deep)
    await log.append(waits)

    async def rests():
        return isinstance((await log.orders()).get(waits.order_id), Resting)

    await eventually(rests)
    assert (await kinds(log))[OrderRested] == 1
    await market.liquidity("USDC")
    await eventually(lambda: all_are(log, Completed, 6))


async def test_an_order_whose_price_cannot_be_reckoned_ends_no_worker(run, log, market):
    odd, after = placements(2, terms=limit(1, token_out="ODD"))
    first = run("worker")
    await market.liquidity("ODD", price="1e-999999")
    await log.append(odd, *placements(10, terms=limit(140)))
    await eventually(lambda: all_are(log, Resting, 11))
    first.send_signal(signal.SIGKILL)
    await asyncio.to_thread(first.wait)
    second = run("worker")
    await log.append(after, *placements(10, terms=limit(140)))

    async def all_others_are_completed():
        orders = await log.orders()
        ends = {order_id: type(order) for order_id, order in orders.items()}
        waiting = ends.pop(odd.order_id), ends.pop(after.order_id)
        return waiting == (Resting, Resting) and [*ends.values()] == [Completed] * 20

    await market.until(all_others_are_completed, 150)
    assert second.poll() is None
