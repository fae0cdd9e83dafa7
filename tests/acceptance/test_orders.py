"""Orders through the public doors of a supervised engine, with latencies as shipped."""

import asyncio
import json
from datetime import datetime

import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]


def appended(event) -> float:
    return datetime.fromisoformat(event["appendedAt"]).timestamp()


async def test_a_market_order_is_placed_executed_and_its_history_read(client):
    order_id = await client.place()
    assert (await client.order(order_id))["status"] in {"pending", "executing"}
    order = await client.ended(order_id)
    assert order["status"] == "completed"
    assert order["selectedDex"] in {"RAYDIUM", "METEORA"}
    assert order["amountOut"] > 0
    assert order["txHash"]
    assert order["attempts"] == 1
    events = await client.events(order_id)
    assert [event["type"] for event in events] == ["OrderPlaced", "OrderRouted", "OrderExecuted"]
    assert [event["version"] for event in events] == [1, 2, 3]
    routed = events[1]["data"]
    assert {quote["venue"] for quote in routed["quotes"]} == {"RAYDIUM", "METEORA"}
    best = max(routed["quotes"], key=lambda quote: float(quote["amount_out"]))
    assert best["venue"] == routed["venue"] == order["selectedDex"]


async def test_an_order_of_the_second_family_is_placed_and_listed(client):
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1.5, "userId": "family-two"}
    answer = await client.http.post("/orders", json=body)
    assert answer.status_code == 201
    assert answer.json()["message"] == "Order received"
    order_id = answer.json()["orderId"]
    await client.ended(order_id)
    listed = (await client.http.get("/orders")).json()
    row = next(row for row in listed if row["order_id"] == order_id)
    assert row["status"] == "completed"
    assert (row["user_id"], row["amount_in"], row["retry_count"]) == ("family-two", 1.5, 0)
    assert row["execution_price"] > 0


async def test_three_failures_are_retried_after_two_four_and_eight_seconds(client):
    order_id = await client.place("glitch,quote-glitch,price-moved")
    order = await client.ended(order_id)
    assert (order["status"], order["attempts"]) == ("completed", 4)
    events = await client.events(order_id)
    scheduled = [event for event in events if event["type"] == "OrderRetryScheduled"]
    due = [event for event in events if event["type"] == "OrderRetryDue"]
    waits = [
        appended(after) - appended(before) for before, after in zip(scheduled, due, strict=True)
    ]
    for wait, rung in zip(waits, (2, 4, 8), strict=True):
        assert rung <= wait < rung + 1.5, waits
    assert [event["data"]["reason"]["code"] for event in scheduled][2] == "SLIPPAGE_EXCEEDED"


async def test_while_a_retry_waits_the_order_says_when_it_goes_on(client):
    order_id = await client.place("quote-glitch,quote-glitch")

    order = await client.until(order_id, lambda order: order["nextRetryAt"])
    assert (order["status"], order["attempts"]) == ("executing", 1)
    assert (await client.ended(order_id))["nextRetryAt"] is None


async def test_a_fourth_glitch_in_a_row_fails_the_order(client):
    order_id = await client.place("glitch,glitch,glitch,glitch")
    order = await client.ended(order_id, 40)
    assert (order["status"], order["attempts"]) == ("failed", 4)
    assert order["errorReason"]
    assert order["txHash"] is None


async def test_an_answer_that_was_lost_does_not_execute_twice(client):
    order_id = await client.place("lost-answer")
    order = await client.ended(order_id)
    assert (order["status"], order["attempts"]) == ("completed", 1)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"tokenIn": "NOSUCH"}, "UNKNOWN_TOKEN"),
        ({"tokenIn": "BONK", "tokenOut": "PYTH"}, "NO_LIQUIDITY"),
    ],
)
async def test_a_fatal_failure_ends_the_order_without_a_retry(client, terms, code):
    order_id = await client.place(**terms)
    order = await client.ended(order_id)
    assert (order["status"], order["attempts"]) == ("failed", 1)
    events = await client.events(order_id)
    assert [event["type"] for event in events] == ["OrderPlaced", "OrderFailed"]
    assert events[1]["data"]["reason"]["code"] == code


async def test_a_subscriber_sees_every_status_and_the_end(client):
    order_id = await client.place()
    messages = await client.follow(order_id)
    statuses = [message["status"] for message in messages]
    assert statuses[-1] == "completed"
    assert statuses == sorted(statuses, key=["pending", "executing", "completed"].index)
    versions = [message["version"] for message in messages]
    assert versions == sorted(set(versions))
    assert messages[-1]["txHash"]


async def test_a_late_subscriber_gets_the_end_at_once(client):
    order_id = await client.place()
    await client.ended(order_id)
    messages = await asyncio.wait_for(client.follow(order_id), 5)
    assert [message["status"] for message in messages] == ["completed"]


async def test_the_feed_of_a_user_tells_of_each_of_their_orders(client):
    async with client.socket("/ws?userId=feed-user") as socket:
        good = await client.place(userId="feed-user")
        bad = await client.place(userId="feed-user", tokenIn="NOSUCH")
        ends = {}
        while len(ends) < 2:
            message = json.loads(await asyncio.wait_for(socket.recv(), 20))
            assert message["type"] == "ORDER_UPDATE"
            if message["status"] != "processing":
                ends[message["orderId"]] = message
    assert ends[good]["status"] == "completed"
    assert ends[good]["executionPrice"] > 0
    assert ends[bad]["status"] == "failed"
    assert ends[bad]["isRetryable"] is False


async def test_pages_of_a_user_neither_repeat_nor_skip(client):
    placed = [await client.place(userId="pager") for _ in range(7)]
    for order_id in placed:
        await client.order(order_id)
    seen, cursor = [], None
    while True:
        query = {"userId": "pager", "limit": 3, **({"cursor": cursor} if cursor else {})}
        page = (await client.http.get("/api/orders", params=query)).json()
        seen += [order["id"] for order in page["orders"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == placed[::-1]
    assert page["total"] == 7


async def how_many(client, **filters):
    count, place = 0, {}
    while True:
        query = {**filters, "limit": 500, **place}
        page = (await client.http.get("/api/orders", params=query)).json()
        count += len(page["orders"])
        if page["nextCursor"] is None:
            return count
        place = {"cursor": page["nextCursor"]}


@pytest.mark.timed
async def test_a_thousand_orders_at_once_complete_in_twenty_seconds(client):
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await client.place_many(1_000, userId="thousand")
    while await how_many(client, userId="thousand", status="completed") < 1_000:
        assert loop.time() - begun < 20
        await asyncio.sleep(0.2)
