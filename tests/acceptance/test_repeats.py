"""Orders placed again and again, and more orders than the venues can take, on a whole engine."""

import asyncio
from collections import Counter

import httpx
import pytest

from orders.ids import order_id_of
from tests.support.audited import assert_engine_holds
from tests.support.log import eventually, read_events
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, "userId": "alice"}
SLOTS, LIMIT = 5, 30
PATIENT = {"ENGINE_READ_PATIENCE_MS": "20000"}
LATENCIES = {"ENGINE_QUOTE_LATENCY_MS": "10", "ENGINE_EXECUTE_LATENCY_MS": "300"}


async def place(http, name=None, **changes):
    headers = {"Idempotency-Key": name} if name else {}
    return await http.post("/api/orders/execute", json={**BODY, **changes}, headers=headers)


async def ended(http, order_id):
    return (await http.get(f"/api/orders/{order_id}")).json().get("status") == "completed"


async def test_fifty_placements_at_once_are_one_order_also_after_a_restart(
    make_engine, on_session_servers
):
    engine = make_engine("--api-workers", "2", **on_session_servers, **PATIENT, **LATENCIES)
    engine.start()
    order_id = order_id_of("alice", "mine")
    async with httpx.AsyncClient(base_url=engine.url, timeout=40) as http:
        answers = await asyncio.gather(*(place(http, "mine") for _ in range(50)))
        assert Counter(answer.status_code for answer in answers) == {202: 1, 200: 49}
        assert {answer.json()["orderId"] for answer in answers} == {order_id}
        await eventually(lambda: ended(http, order_id))
        before = await place(http, "mine")
    await asyncio.to_thread(engine.restart)
    async with httpx.AsyncClient(base_url=engine.url, timeout=40) as http:
        again = await place(http, "mine")
        assert (again.status_code, again.content) == (200, before.content)
        different = await place(http, "mine", amount=11)
        assert (different.status_code, different.json()["orderId"]) == (409, order_id)
    await assert_engine_holds(engine)
    topic = f"{engine.topic_prefix}orders.events"
    types = Counter(e.type for e in await read_events(engine.kafka, topic, TEST_PARTITIONS))
    assert types["OrderExecuted"] == 1


async def test_more_orders_than_the_venues_can_take_are_refused_and_the_others_done(
    make_engine, on_session_servers
):
    engine = make_engine(
        **on_session_servers,
        **LATENCIES,
        ENGINE_MAX_REACTIONS=str(SLOTS),
        ENGINE_MAX_UNFINISHED=str(LIMIT),
    )
    engine.start()
    async with httpx.AsyncClient(base_url=engine.url, timeout=40) as http:
        accepted, refused = [], []

        async def go_on_placing():
            while len(refused) < 3 * LIMIT:
                answer = await place(http)
                if answer.status_code == 202:
                    accepted.append(answer.json()["orderId"])
                else:
                    assert (answer.status_code, answer.json()["error"]) == (503, "ENGINE_BUSY")
                    assert answer.headers["Retry-After"] == "1"
                    refused.append(answer)
                await asyncio.sleep(0.1)

        async with asyncio.timeout(60):
            await asyncio.gather(*(go_on_placing() for _ in range(8)))
        assert len(accepted) > LIMIT

        async def taken_again():
            return (await place(http, "later")).status_code == 202

        await eventually(taken_again, 60)

        async def all_done():
            return all([await ended(http, order_id) for order_id in accepted])

        await eventually(all_done, 60)
    await assert_engine_holds(engine)
