"""Reading orders: one that was accepted is never unknown."""

import asyncio

import pytest

from tests.support.api import running_api
from tests.support.builders import (
    ORDER_ID,
    executed,
    placed,
    retry_scheduled,
    routed,
    seconds,
    terms,
)


async def project_soon(api, after=0.05):
    await asyncio.sleep(after)
    api.read_model.project()


async def test_a_completed_order_shows_all_of_it(api):
    api.log.write(placed(user_id="alice"), routed(2), executed(3))
    api.read_model.project()
    answer = await api.http.get(f"/api/orders/{ORDER_ID}")
    assert answer.status_code == 200
    assert answer.json() == {
        "id": ORDER_ID,
        "userId": "alice",
        "clientOrderId": None,
        "tags": [],
        "orderType": "market",
        "tokenIn": "SOL",
        "tokenOut": "USDC",
        "amount": 10,
        "slippage": 0.01,
        "targetPrice": None,
        "expiresAt": None,
        "timeInForce": "GTC",
        "poolProvider": None,
        "minLiquidity": None,
        "status": "completed",
        "selectedDex": "RAYDIUM",
        "executedPrice": 149.9,
        "amountOut": 1499,
        "txHash": "5" * 88,
        "attempts": 1,
        "nextRetryAt": None,
        "errorReason": None,
        "cancelRequested": False,
        "version": 3,
        "createdAt": "2026-01-01T00:00:00.000000Z",
        "updatedAt": "2026-01-01T00:00:00.000000Z",
    }


async def test_an_order_that_waits_for_its_retry_says_why_and_until_when(api):
    api.log.write(placed(), routed(2), retry_scheduled(3))
    api.read_model.project()
    order = (await api.http.get(f"/api/orders/{ORDER_ID.upper()}")).json()
    assert (order["status"], order["attempts"]) == ("executing", 1)
    assert order["nextRetryAt"] == "2026-01-01T00:00:02.000000Z"
    assert order["errorReason"] == "NETWORK: the line is cut"


@pytest.mark.parametrize("path", ["", "/events"])
async def test_a_read_right_after_the_placement_waits_for_the_projection(api, path):
    order_id = (await api.place()).json()["orderId"]
    projecting = asyncio.create_task(project_soon(api))
    answer = await api.http.get(f"/api/orders/{order_id}{path}")
    assert answer.status_code == 200
    await projecting


async def test_an_order_that_never_was_is_unknown_once_the_projection_knows_the_log(api):
    await api.place()
    api.read_model.project()
    answer = await api.http.get(f"/api/orders/{ORDER_ID}")
    assert (answer.status_code, answer.json()["error"]) == (404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize("name", ["x", ORDER_ID[:-1], ORDER_ID + "0", "a" * 36, "%00", "..;"])
async def test_what_is_no_order_id_is_unknown_at_once(api, name):
    api.log.away = api.read_model.away = True
    answer = await api.http.get(f"/api/orders/{name}/events")
    assert (answer.status_code, answer.json()["error"]) == (404, "ORDER_NOT_FOUND")
    assert api.log.asked <= 1  # by the start of the process


async def test_a_projection_that_does_not_get_there_is_no_404(api):
    order_id = (await api.place()).json()["orderId"]
    answer = await api.http.get(f"/api/orders/{order_id}")
    assert (answer.status_code, answer.json()["error"]) == (503, "PROJECTION_LAGGING")
    assert answer.json()["behind"] == 1
    assert answer.headers["Retry-After"] == "1"


async def test_without_the_log_nobody_can_say_that_an_order_is_unknown(api):
    api.log.away = True
    answer = await api.http.get(f"/api/orders/{ORDER_ID}")
    assert (answer.status_code, answer.json()["error"]) == (503, "LOG_UNAVAILABLE")


async def test_reads_that_wait_are_bounded():
    async with running_api(max_reads_waiting=1, read_patience_ms=5000) as api:
        order_id = (await api.place()).json()["orderId"]
        first = asyncio.create_task(api.http.get(f"/api/orders/{order_id}"))
        second = asyncio.create_task(api.http.get(f"/api/orders/{order_id}"))
        await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
        api.read_model.project()
        statuses = sorted([(await first).status_code, (await second).status_code])
        assert statuses == [200, 503]


@pytest.mark.parametrize("path", ["/api/orders", "/orders", f"/api/orders/{ORDER_ID}"])
async def test_a_projection_that_is_away_is_told(api, path):
    api.read_model.away = True
    answer = await api.http.get(path)
    assert (answer.status_code, answer.json()["error"]) == (503, "PROJECTION_UNAVAILABLE")
    assert answer.headers["Retry-After"] == "1"


async def test_the_events_of_an_order_are_shown_as_they_stand_in_the_log(api):
    precise = terms(amount="0.123456789")
    late = routed(2, event_id="late", venue="METEORA")
    api.log.write(placed(terms=precise), routed(2), late, executed(3))
    api.read_model.project()
    answer = await api.http.get(f"/api/orders/{ORDER_ID}/events")
    events = answer.json()
    assert [event["seq"] for event in events] == [1, 2, 3, 4]
    assert [event["version"] for event in events] == [1, 2, 2, 3]
    assert [event["superseded"] for event in events] == [False, False, True, False]
    assert events[0].keys() == {
        "seq",
        "version",
        "type",
        "superseded",
        "occurredAt",
        "appendedAt",
        "data",
    }
    assert events[0]["data"]["terms"]["amount"] == "0.123456789"


def order_id(number):
    return f"00000000-0000-7000-8000-{number:012d}"


async def test_the_second_family_lists_the_newest_in_snake_case(api):
    for number in range(60):
        api.log.write(placed(order_id=order_id(number), occurred_at=seconds(number)))
    last = order_id(59)
    api.log.write(retry_scheduled(2, order_id=last))
    api.read_model.project()
    orders = (await api.http.get("/orders")).json()
    assert len(orders) == 50
    assert orders[0] == {
        "order_id": last,
        "user_id": None,
        "token_in": "SOL",
        "token_out": "USDC",
        "amount_in": 10,
        "status": "executing",
        "execution_price": None,
        "tx_hash": None,
        "error_reason": "NETWORK: the line is cut",
        "retry_count": 0,
        "created_at": "2026-01-01T00:00:59.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
    }


async def test_a_path_and_a_method_that_are_not_there_are_told(api):
    lost = await api.http.get("/api/order")
    assert (lost.status_code, lost.json()["error"]) == (404, "ROUTE_NOT_FOUND")


async def test_what_nobody_foresaw_is_answered_without_its_inside(api, caplog):
    async def broken(_order_id):
        raise ZeroDivisionError("the secret")

    api.read_model.events = broken
    answer = await api.http.get(f"/api/orders/{ORDER_ID}/events")
    assert (answer.status_code, answer.json()["error"]) == (500, "INTERNAL")
    assert "secret" not in answer.text
    assert "X-Request-Id" in answer.headers
    assert "the secret" in caplog.text
