"""The cheapest load, against a server that notes what it is asked."""

import asyncio
from collections import Counter

import pytest

from bench.hammer import Blow, hammer
from bench.placer import place

ANSWER = b'HTTP/1.1 202 Accepted\r\ncontent-length: 19\r\n\r\n{"orderId":"one-1"}'


@pytest.fixture
async def asked():
    """Serve every request with the same answer; yield the URL and what was asked."""
    seen: Counter[str] = Counter()

    async def serve(reader, writer):
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
                body = (await reader.readexactly(length)).decode()
                seen[f"{head.split(' HTTP')[0]} {body}".strip()] += 1
                writer.write(ANSWER)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen


async def test_it_posts_the_body_so_many_times_and_no_more(asked):
    url, seen = asked
    blow = Blow(url=f"{url}/orders?dry=1", body="{}", connections=3, count=20)
    felt = await asyncio.to_thread(hammer, blow)
    assert seen == {"POST /orders?dry=1 {}": 20}
    assert felt.statuses == {202: 20}
    assert (len(felt.took), felt.broken) == (20, 0)


async def test_a_placer_tells_of_each_order_when_it_was_due_and_answered(asked):
    url, seen = asked
    placed = await asyncio.to_thread(place, Blow(url=f"{url}/orders", body="{}"), 20, 400, 1)
    assert seen == {"POST /orders {}": 20}
    assert [order.order_id for order in placed] == ["one-1"] * 20
    assert all(order.due < order.answered for order in placed)
    assert max(order.due for order in placed) - min(order.due for order in placed) < 0.05
