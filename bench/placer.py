"""Places orders over HTTP, each at its own time, and notes which order was placed when.

As light as it can be, in a process of its own: it shares the machine with what is measured.
"""

import asyncio
import random
import re
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import uvloop

from bench.hammer import Blow, request_of

LANES = 64
PATIENCE_S = 60
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ORDER_ID = re.compile(rb'"orderId":"([^"]+)"')


class Placed(NamedTuple):
    """An order, when its request was due and when its answer was there (seconds since 1970)."""

    order_id: str
    due: float
    answered: float


def place(blow: Blow, count: int, per_second: float, seed: int) -> list[Placed]:
    """Send so many placements at random moments, so many a second on average."""
    return uvloop.run(_place(blow, list(_moments(count, per_second, seed))))


def _moments(count: int, per_second: float, seed: int) -> Iterator[float]:
    chance = random.Random(seed)
    for number in range(count):
        yield (number + chance.random()) / per_second


async def _place(blow: Blow, moments: Sequence[float]) -> list[Placed]:
    lanes = min(LANES, len(moments))
    address, request = urlsplit(blow.url), request_of(blow)
    connections = [
        await asyncio.open_connection(address.hostname, address.port) for _ in range(lanes)
    ]
    began, placed = time.time(), list[Placed]()

    async def in_turn(lane: int) -> None:
        reader, writer = connections[lane]
        for moment in moments[lane::lanes]:
            due = began + moment
            await asyncio.sleep(max(0, due - time.time()))
            # A timer counts whole milliseconds, so it may be early.
            due = min(due, time.time())
            writer.write(request)
            placed.append(Placed(await _answered(reader), due, time.time()))
        writer.close()

    async with asyncio.timeout(moments[-1] + PATIENCE_S):
        await asyncio.gather(*map(in_turn, range(lanes)))
    return placed


async def _answered(reader: asyncio.StreamReader) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    body = await reader.readexactly(int(length[1]) if length else 0)
    found = _ORDER_ID.search(body)
    if found is None or not head.startswith(b"HTTP/1.1 202"):
        raise RuntimeError(f"not accepted: {head!r} {body!r}")
    return found[1].decode()
