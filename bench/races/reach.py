"""Orders just out of reach, whose price every tick tells and no venue gives: what they write."""

import asyncio
import time
from contextlib import suppress
from decimal import Decimal
from itertools import cycle
from typing import Any, NamedTuple

from bench.engine import NotInTime, wait_for
from bench.races.desk import PATIENCE_S, Desk
from local.errors import EngineError
from local.market import open_desk
from local.state import RunningEngine
from orders.topics import Topics

TICK_EVERY_S = 0.25
TOKENS = ("PYTH", "SOL", "JUP", "BONK", "RAY")
LEAST_GAP = Decimal("0.0001")


class Told(NamedTuple):
    """How many orders rested, for how many seconds and ticks, and what was written meanwhile."""

    orders: int
    seconds: float
    ticks: int
    events: int


def rest_out_of_reach(engine: RunningEngine, count: int, seconds: float) -> Told:
    """Let orders rest so, each having fallen short, for so long.

    The market has to stand still while nobody moves it. Raises `NotInTime`.
    """
    for token in TOKENS:
        with Desk(engine, token) as desk:
            net, gap = _net(desk)
            if gap > LEAST_GAP:
                order_ids = desk.place(count, targetPrice=round(float(net * (1 - gap / 2)), 12))
                return _watch(engine, desk, order_ids, gap, seconds)
    raise NotInTime(f"a venue gives all that the market's price leaves of {', '.join(TOKENS)}")


def _watch(
    engine: RunningEngine, desk: Desk, order_ids: list[str], gap: Decimal, seconds: float
) -> Told:
    count = len(order_ids)
    wait_for(lambda: desk.fell_short(order_ids) == count, PATIENCE_S, "all have fallen short")
    before, began = desk.head(), time.monotonic()
    ticks = asyncio.run(_tick(engine, desk, gap, seconds))
    told = Told(count, time.monotonic() - began, ticks, desk.head() - before)
    desk.ask(desk.cancel, order_ids)
    desk.wait(order_ids, {"cancelled"}, "all are cancelled")
    return told


def _net(desk: Desk) -> tuple[Decimal, Decimal]:
    """The market's price net of the least fee and impact, and what part of it no venue gives."""
    quotes = [quote for quote in desk.preview() if quote["amountOut"]]
    share = max(
        (1 - _of(one, "fee") / desk.amount) * (1 - _of(one, "priceImpact")) for one in quotes
    )
    net = desk.price * share
    return net, 1 - max(_of(one, "price") for one in quotes) / net


def _of(quote: dict[str, Any], name: str) -> Decimal:
    return Decimal(str(quote[name]))


async def _tick(engine: RunningEngine, desk: Desk, gap: Decimal, seconds: float) -> int:
    """Move the market up and down, never so far that a venue gives the price or none tells it."""
    ticks, ends = 0, time.monotonic() + seconds
    async with open_desk(engine.kafka, Topics(engine.topic_prefix)) as market:
        for part in cycle(Decimal(one) / 20 for one in (1, -3, 2, -1, 4, -4, 3, -2)):
            if time.monotonic() >= ends:
                break
            with suppress(EngineError):
                await market.put(desk.token, "USDC", desk.price * (1 + gap * part))
                ticks += 1
            await asyncio.sleep(TICK_EVERY_S)
    return ticks
