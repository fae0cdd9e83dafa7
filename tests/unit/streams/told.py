"""What the market tells a bench, and a limit order that it makes fire."""

from datetime import timedelta
from decimal import Decimal

from orders.values import Tick
from tests.support.builders import limit, placed, reason, rested, seconds, triggered

LIMIT = placed(terms=limit(150))
SHORT = {"reason": reason("PRICE_NOT_REACHED"), "delay": timedelta(seconds=1)}


def tick(price, at=0.0):
    return Tick(pair="SOL/USDC", price=Decimal(price), at=seconds(at))


def hear(bench, price, at=0.0):
    bench.hearing.heard()
    bench.watch.tick(tick(price, at))


def fell_short(bench, fired_at=150, delay=1):
    """Let an order fire that comes back to rest, its quotes having fallen short."""
    bench.read(LIMIT, rested(2))
    back = {**SHORT, "delay": timedelta(seconds=delay)}
    bench.read(triggered(3, tick(fired_at)), rested(4, 2, **back), first=2)
    bench.lane.settled.clear()
