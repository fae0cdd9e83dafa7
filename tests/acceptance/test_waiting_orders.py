"""Orders that wait for the market: placed, amended, cancelled and ended, through the doors."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.audited import assert_engine_holds
from tests.support.doors import command
from tests.support.log import eventually

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

AWAY = {"orderType": "limit", "targetPrice": 10**6}
ANSWERS = {"OrderAmended", "OrderAmendRejected"}
SWAP = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}


async def placed(client, **members) -> str:
    answer = await client.http.post("/api/orders", json={**SWAP, **members})
    assert answer.status_code == 202, answer.text
    return answer.json()["orderId"]


async def resting(client, **members) -> str:
    order_id = await placed(client, **{**AWAY, **members})
    await client.until(order_id, lambda order: order["status"] == "open")
    return order_id


async def test_a_limit_order_rests_until_it_is_cancelled(client):
    order_id = await resting(client)
    async with client.socket(f"/ws/{order_id}") as socket:
        answer = await client.http.delete(f"/api/orders/{order_id}")
        assert (answer.status_code, answer.json()["cancelRequested"]) == (202, True)
        told = [message async for message in socket]
    assert '"cancelled"' in told[-1]
    again = await client.http.delete(f"/api/orders/{order_id}")
    assert (again.status_code, again.json()["error"]) == (409, "ORDER_FINAL")


async def test_a_resting_order_is_amended_by_who_saw_its_version(client):
    order_id = await resting(client)
    path, version = f"/api/orders/{order_id}", {"If-Match": "2"}
    answer = await client.http.patch(path, json={"targetPrice": 999_999}, headers=version)
    assert (answer.status_code, answer.json()["targetPrice"]) == (200, 999_999), answer.text
    answer = await client.http.patch(path, json={"amount": 2}, headers=version)
    assert (answer.status_code, answer.json()["error"]) == (412, "VERSION_MISMATCH")
    types = [event["type"] for event in await client.events(order_id)]
    assert types == ["OrderPlaced", "OrderRested", "OrderAmendRequested", "OrderAmended"]


async def test_each_of_many_amendments_at_once_is_answered_once(client):
    order_id = await resting(client)
    path, version = f"/api/orders/{order_id}", {"If-Match": "2"}
    prices = range(999_000, 999_040)
    answers = await asyncio.gather(
        *(client.http.patch(path, json={"targetPrice": one}, headers=version) for one in prices)
    )
    told = Counter(answer.status_code for answer in answers)
    assert told.keys() <= {200, 202, 412, 429}, told
    assert told[200] <= 1

    async def answered():
        events = await client.events(order_id)
        facts = [event["data"] for event in events if not event["superseded"]]
        asked = {fact["event_id"] for fact in facts if fact["type"] == "OrderAmendRequested"}
        given = [fact["causation_id"] for fact in facts if fact["type"] in ANSWERS]
        return (asked, given) if asked <= set(given) else None

    asked, given = await eventually(answered)
    assert asked
    assert sorted(given) == sorted(asked)


async def test_a_sniper_of_a_token_that_was_always_traded_needs_no_new_pool(client):
    order_id = await placed(client, orderType="sniper", poolProvider="METEORA")
    order = await client.ended(order_id)
    assert (order["status"], order["orderType"]) == ("completed", "sniper")


async def test_an_amendment_that_the_market_reaches_is_executed(client):
    order_id = await resting(client)
    path, headers = f"/api/orders/{order_id}", {"If-Match": "2"}
    await client.http.patch(path, json={"targetPrice": 1}, headers=headers)
    order = await client.ended(order_id)
    assert (order["status"], order["orderType"]) == ("completed", "limit")
    steps = (await client.http.get(f"{path}/explain")).json()["timeline"]
    assert any("its first attempt may start" in step["text"] for step in steps)


async def test_an_order_expires_within_a_second_of_its_time(client):
    ends = datetime.now(UTC) + timedelta(seconds=3)
    order_id = await resting(client, expiresAt=ends.isoformat())
    order = await client.ended(order_id)
    assert order["status"] == "expired"
    late = datetime.fromisoformat(order["updatedAt"]) - ends
    assert timedelta() <= late < timedelta(seconds=2), late


async def test_many_are_cancelled_at_once_and_the_audit_holds(client, shared_engine):
    user = {"userId": "many"}
    orders = await asyncio.gather(*(resting(client, **user) for _ in range(20)))
    told = command(shared_engine, "cancel", "--user", "many")
    assert told.exit_code == 0, told.output
    for order_id in orders:
        assert (await client.ended(order_id))["status"] == "cancelled"
    assert (
        "There are no such orders"
        in command(shared_engine, "orders", "--open", "--user", "many").output
    )
    report = await assert_engine_holds(shared_engine, accepted=orders)
    assert report.figures.ended["cancelled"] >= 20
