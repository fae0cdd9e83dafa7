"""How well a worker watches many orders at rest, and how soon snipers go ahead of parked orders.

`python -m bench.resting [ORDERS] [SNIPERS]`: an engine of its own with one worker and a market that
stands still, gone at its end. Measured are the memory of an order at rest, what a restart takes,
how long after a tick the `OrderTriggered` of those that fire are in the log, also of thousands
that fell short and fire on one tick far beyond their target, and how long after a pool's event
snipers are routed, over the latency of the quotes, while other orders are parked.
"""

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import psutil
from aiokafka import AIOKafkaProducer

from bench.engine import READY_TIMEOUT_S, Engine
from bench.histories import append, fell_short, placements, with_terms
from bench.log_ends import Log
from orders.events import (
    AnyOrderEvent,
    OrderExecuted,
    OrderRested,
    OrderRouted,
    OrderTriggered,
)
from orders.topics import Topics
from orders.values import Liquidity
from orders.written import Written
from runtime.market import Move

ORDERS, SNIPERS = 100_000, 100
MOVES, ON_EACH = 100, 10
FIRST, STEP, FAR = Decimal(200), Decimal("0.1"), Decimal(10_000)
OVER = Decimal("1.004")
"""Above fee and impact."""
SHORT, BEYOND = 3_000, 240
PARKED, SLOTS, QUOTES = 5_000, 200, timedelta(milliseconds=200)
BYTES, RESTART_S, TICK_MS, SHORT_MS, SNIPER_MS = 1_536, 15, 100, 1_000, 250
WORKER = "worker-1"
SNIPED = "SNIPED"
QUIET = {
    "ENGINE_MARKET_VOLATILITY": "0",
    "ENGINE_LATENCY_JITTER": "0",
    "ENGINE_MAX_REACTIONS": str(SLOTS),
}


def main() -> None:
    """Measure, print a line for each figure, and fail when one is beyond its limit."""
    count, snipers = (*map(int, sys.argv[1:]), *(ORDERS, SNIPERS)[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as folder:
        # PostgreSQL runs as another user when root starts it.
        Path(folder).chmod(0o755)
        engine = Engine(Path(folder) / "engine", environment=QUIET)
        try:
            engine.start()
            figures = asyncio.run(_measure(engine, count, snipers))
        finally:
            engine.stop()
    if any(figure > limit for figure, limit in figures):
        raise SystemExit("beyond a limit")


async def _measure(engine: Engine, count: int, snipers: int) -> list[tuple[float, float]]:
    told = engine.described
    async with (
        Log(told.kafka, Topics(told.topic_prefix).events, told.partitions) as log,
        AIOKafkaProducer(bootstrap_servers=told.kafka, acks="all") as producer,
    ):
        return [
            *await _rest(engine, log, count),
            await _tick(engine, log, producer),
            await _fire_again(engine, log, producer),
            await _snipe(engine, log, producer, snipers),
        ]


async def _rest(engine: Engine, log: Log, count: int) -> list[tuple[float, float]]:
    empty = _memory(engine)
    await _place(engine, _limits(count))
    await log.until(OrderRested, count)
    held = (_memory(engine) - empty) / count
    engine.signal(WORKER, signal.SIGKILL)
    began = time.monotonic()
    await asyncio.sleep(1)
    await asyncio.to_thread(engine.ready_pid, WORKER, READY_TIMEOUT_S)
    took, read = time.monotonic() - began, (_memory(engine) - empty) / count
    return [
        _say("memory of an order at rest", held, "bytes", BYTES),
        _say("memory of one after a restart", read, "bytes", BYTES),
        _say(f"restart with {count:,} at rest, until live", took, "s", RESTART_S),
    ]


async def _tick(engine: Engine, log: Log, market: AIOKafkaProducer) -> tuple[float, float]:
    for move in range(MOVES):
        await _move(engine, market, (FIRST + STEP * move) * OVER)
        await log.until(OrderTriggered, ON_EACH * (move + 1))
    late = [at - event.tick.at for event, at in log.found(OrderTriggered) if event.tick]
    await log.until(OrderExecuted, MOVES * ON_EACH)
    return _say("tick to OrderTriggered durable, p99", _p99_ms(late), "ms", TICK_MS)


async def _fire_again(engine: Engine, log: Log, market: AIOKafkaProducer) -> tuple[float, float]:
    fired, rested = len(log.found(OrderTriggered)), len(log.found(OrderRested))
    await _place(engine, fell_short(SHORT, int(BEYOND / OVER / OVER)))
    await log.until(OrderRested, rested + 2 * SHORT)
    await log.until(OrderTriggered, fired + SHORT)
    await asyncio.sleep(2)
    await _move(engine, market, Decimal(BEYOND))
    found = (await log.until(OrderTriggered, fired + 2 * SHORT))[fired + SHORT :]
    late = [at - event.tick.at for event, at in found if event.tick]
    await log.until(OrderExecuted, MOVES * ON_EACH + SHORT)
    return _say(f"{SHORT:,} that fell short fire again, p99", _p99_ms(late), "ms", SHORT_MS)


async def _snipe(
    engine: Engine, log: Log, market: AIOKafkaProducer, count: int
) -> tuple[float, float]:
    rested, executed = len(log.found(OrderRested)), len(log.found(OrderExecuted))
    await _place(engine, _snipers(count))
    await log.until(OrderRested, rested + count)
    await _place(engine, placements(PARKED))
    await log.until(OrderExecuted, executed + 1)
    now = datetime.now(UTC)
    topic = Topics(engine.described.topic_prefix).pools
    pool = Liquidity(
        token=SNIPED, pool="RAYDIUM", usd=Decimal(10_000_000), price=Decimal(1), at=now
    )
    await _tell(market, topic, SNIPED, pool)
    await log.until(OrderExecuted, executed + PARKED + count)
    fired = {one.order_id for one, _ in log.found(OrderTriggered) if one.liquidity}
    sent = [at - now - QUOTES for one, at in log.found(OrderRouted) if one.order_id in fired]
    what = f"{count:,} snipers past {PARKED:,} parked, p99"
    return _say(what, _p99_ms(sent), "ms over the quotes", SNIPER_MS)


def _say(what: str, figure: float, unit: str, limit: float | None = None) -> tuple[float, float]:
    print(f"{what:<44} {figure:>7,.0f} {unit}{f' (limit {limit:,})' if limit else ''}", flush=True)
    return figure, limit or figure


def _p99_ms(found: list[timedelta]) -> float:
    return sorted(one.total_seconds() * 1_000 for one in found)[int(len(found) * 0.99)]


def _limits(count: int) -> Iterator[AnyOrderEvent]:
    for number, placed in enumerate(placements(count)):
        near = number < MOVES * ON_EACH
        target = FIRST + STEP * (number // ON_EACH) if near else FAR + number
        yield with_terms(placed, order_type="limit", target_price=target, amount=1)


def _snipers(count: int) -> Iterator[AnyOrderEvent]:
    for placed in placements(count):
        about = {"token_in": "USDC", "token_out": SNIPED, "slippage": "0.2"}
        yield with_terms(placed, order_type="sniper", amount=1, **about)


def _memory(engine: Engine) -> int:
    return int(psutil.Process(engine.ready_pid(WORKER, READY_TIMEOUT_S)).memory_info().rss)


async def _place(engine: Engine, events: Iterator[AnyOrderEvent]) -> None:
    told = engine.described
    await append(told.kafka, Topics(told.topic_prefix).events, told.partitions, events)


async def _move(engine: Engine, market: AIOKafkaProducer, price: Decimal) -> None:
    move = Move("SOL", "USDC", price, datetime.now(UTC))
    topic = Topics(engine.described.topic_prefix).moves
    await _tell(market, topic, "SOL", move)


async def _tell(market: AIOKafkaProducer, topic: str, key: str, value: Written) -> None:
    await market.send_and_wait(topic, msgspec.json.encode(value), key.encode(), 0)


if __name__ == "__main__":
    main()
