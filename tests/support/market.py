"""The market as tests make it and hear it."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from aiokafka import AIOKafkaProducer

from orders.values import Liquidity, Tick
from runtime.market import Move, follow_market


def tick(price="151.2", pair="SOL/USDC", at=None):
    return Tick(pair=pair, price=Decimal(price), at=at or datetime.now(UTC))


def pool(usd="50000", of="NEWCOIN", venue="RAYDIUM", price="1"):
    at = datetime.now(UTC)
    return Liquidity(token=of, pool=venue, usd=Decimal(usd), price=Decimal(price), at=at)


def move(price="151.2", of="SOL", against="USDC", at=None):
    return Move(token=of, against=against, price=Decimal(price), at=at or datetime.now(UTC))


class Heard:
    """A listener that keeps all it hears, in its order."""

    def __init__(self):
        self.all = []
        self.tick = self.liquidity = self.moved = self.all.append


async def tell(kafka, topics, *told):
    """Write to the topics of the market, in this order."""
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        for one in told:
            topic, key, value = _record(topics, one)
            await producer.send_and_wait(topic, value, key.encode(), partition=0)


def _record(topics, one):
    if isinstance(one, bytes):
        return topics.prices, "SOL/USDC", one
    value = msgspec.json.encode(one)
    if isinstance(one, Tick):
        return topics.prices, one.pair, value
    return topics.pools if isinstance(one, Liquidity) else topics.moves, one.token, value


@asynccontextmanager
async def following(kafka, topics, listener, since=None, **more):
    """Follow the market until the block ends; enter it when what there was is known."""
    known = asyncio.Event()
    task = asyncio.create_task(follow_market(kafka, topics, listener, since, known=known, **more))
    try:
        await asyncio.wait_for(known.wait(), 30)
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
