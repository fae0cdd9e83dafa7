"""Orders through an API process on the real log and the real projection."""

import asyncio
import time
import uuid
from decimal import Decimal

import httpx
import pytest
from msgspec.structs import replace

from api import exact
from tests.support.builders import executed, fill, routed
from tests.support.log import eventually, placement, read_events
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

PLACEMENT = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}


async def place(http, **changes):
    answer = await http.post("/api/orders/execute", json={**PLACEMENT, **changes})
    assert answer.status_code == 202, answer.text
    return answer.json()["orderId"]


async def test_what_is_answered_202_is_in_the_log_in_the_order_s_partition(http, kafka, topics):
    placed = {await place(http, userId="alice") for _ in range(20)}
    events = await read_events(kafka, topics.events, TEST_PARTITIONS)
    assert {event.order_id for event in events} == placed
    assert {event.user_id for event in events} == {"alice"}


async def test_an_order_just_placed_is_known_to_every_api_process(serve, projector):
    one, other = await serve(), await serve()
    async with (
        httpx.AsyncClient(base_url=one.url, timeout=20) as here,
        httpx.AsyncClient(base_url=other.url, timeout=20) as there,
    ):
        # The first may find the projector still starting: that is a 503, and never a 404.
        await _settled(there, await place(here))

        async def place_and_read(number):
            order_id = await place(here)
            path = f"/api/orders/{order_id}" + ("/events" if number % 2 else "")
            return (await there.get(path)).status_code

        for _ in range(5):
            statuses = await asyncio.gather(*(place_and_read(number) for number in range(40)))
            assert set(statuses) == {200}
        unknown = await there.get(f"/api/orders/{uuid.uuid4()}")
        assert unknown.status_code == 404


async def _settled(http, order_id):
    deadline = time.monotonic() + 20
    while (answer := await http.get(f"/api/orders/{order_id}")).status_code == 503:
        assert time.monotonic() < deadline
    assert answer.status_code == 200


async def test_every_digit_comes_through_the_log_and_the_table(http, happens, projector):
    order_id = str(uuid.uuid4())
    exactly = replace(fill("1499.123456"), executed_price=Decimal("149.912345678901"))
    await happens(
        placement(order_id),
        routed(2, order_id=order_id, execution_id=f"{order_id}:1"),
        executed(3, order_id=order_id, fill=exactly),
    )
    await _settled(http, order_id)
    answer = await http.get(f"/api/orders/{order_id}")
    order = exact.read_object(answer.content)
    assert order["status"] == "completed"
    assert order["executedPrice"] == Decimal("149.912345678901")
    assert order["amountOut"] == Decimal("1499.123456")
    assert order["amount"] == 10
    events = (await http.get(f"/api/orders/{order_id}/events")).json()
    assert [event["type"] for event in events] == ["OrderPlaced", "OrderRouted", "OrderExecuted"]
    assert events[2]["data"]["fill"]["executed_price"] == "149.912345678901"


async def test_pages_neither_repeat_nor_skip_while_orders_arrive(http, projector):
    placed = [await place(http, userId="pager") for _ in range(25)]
    await _settled(http, placed[-1])
    await place(http, userId="somebody else")
    seen, cursor = [], None
    while True:
        query = {"userId": "pager", "limit": 4} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/api/orders", params=query)).json()
        seen += [order["id"] for order in page["orders"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
        await _settled(http, await place(http, userId="pager"))
    assert seen == placed[::-1]
    assert page["total"] == 25 + 6
    for filters, total in (
        ("status=completed", 0),
        ("status=pending", 32),
        ("status=pending&userId=pager", None),
        ("status=open", None),
        ("userId=nobody", 0),
        ("", 32),
    ):
        assert (await http.get(f"/api/orders?{filters}")).json()["total"] == total
    assert len((await http.get("/orders")).json()) == 32


async def test_a_lagging_projection_is_told_and_counted(http):
    order_id = await place(http)
    answer = await http.get(f"/api/orders/{order_id}")
    assert (answer.status_code, answer.json()["error"]) == (503, "PROJECTION_LAGGING")
    health = (await http.get("/health")).json()
    assert health["checks"]["postgres"] == "ok"
    assert health["checks"]["projectionLag"] == 1


async def test_the_wrong_number_of_partitions_stops_the_process(serve):
    api = await serve(partitions=TEST_PARTITIONS + 3)
    async with httpx.AsyncClient(base_url=api.url, timeout=20) as http:
        refused = await http.post("/api/orders/execute", json=PLACEMENT)
    assert (refused.status_code, refused.json()["error"]) == (503, "LOG_UNAVAILABLE")

    async def told():
        return api.failures

    assert f"ENGINE_PARTITIONS={TEST_PARTITIONS}" in (await eventually(told))[0]


async def test_before_the_projection_was_built_orders_are_accepted_but_not_read(serve, postgres):
    api = await serve(database_url=postgres)
    async with httpx.AsyncClient(base_url=api.url, timeout=20) as http:
        order_id = await place(http)
        for path in ("/orders", "/api/orders", f"/api/orders/{order_id}"):
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["error"]) == (503, "PROJECTION_UNAVAILABLE")
        health = await http.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
