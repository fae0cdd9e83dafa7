"""A member that nobody knows is refused by the routes that are new, and ignored by the old ones."""

import pytest

from tests.support.builders import ORDER_ID, limit, placed, rested

SWAP = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}
NEW = ("/api/orders", "/api/orders/preview")
OLD = ("/api/orders/execute", "/orders")
MISTYPED = [
    ("expiresat", "expiresAt"),
    ("expires_at", "expiresAt"),
    ("expiredAt", "expiresAt"),
    ("TargetPrice", "targetPrice"),
    ("amountIn", "amount"),
    ("slipage", "slippage"),
    ("timeinforce", "timeInForce"),
]


@pytest.mark.parametrize("path", NEW)
@pytest.mark.parametrize(("written", "meant"), MISTYPED)
async def test_a_mistyped_member_is_refused_with_the_name_that_is_like_it(
    api, path, written, meant
):
    answer = await api.http.post(path, json={**SWAP, written: 1})
    told = answer.json()
    assert (answer.status_code, told["error"], told["field"]) == (400, "UNKNOWN_MEMBER", written)
    assert f"did you mean {meant}?" in told["message"]
    assert api.log.events == []


async def test_what_is_like_nothing_is_refused_with_the_names_there_are(api):
    answer = await api.http.post("/api/orders", json={**SWAP, "x" * 1000: None})
    told = answer.json()
    assert (told["error"], told["field"]) == ("UNKNOWN_MEMBER", "x" * 64)
    assert "did you mean" not in told["message"]
    assert "amount, clientOrderId, expiresAt" in told["message"]


@pytest.mark.parametrize("path", OLD)
async def test_the_old_routes_take_what_they_took(api, path):
    body = {**SWAP, "amountIn": 10, "userId": "ann", "expiresat": 1, "anything": {}}
    assert (await api.http.post(path, json=body)).status_code in {201, 202}


async def test_all_that_is_known_may_be_given(api):
    body = {**SWAP, "orderType": "sniper", "poolProvider": "RAYDIUM", "minLiquidity": 1}
    more = {"slippage": 0.1, "userId": "ann", "tags": ["a"], "timeInForce": "IOC"}
    end = {"expiresAt": "2099-01-01T00:00:00Z", "targetPrice": None, "clientOrderId": None}
    answer = await api.http.post("/api/orders", json={**body, **more, **end, "validateOnly": True})
    assert answer.status_code == 200, answer.text


async def test_in_a_batch_one_is_refused_alone_and_a_strange_batch_as_a_whole(api):
    orders = [SWAP, {**SWAP, "expiresat": 1}]
    answer = await api.http.post("/api/orders/batch", json={"orders": orders})
    results = answer.json()["results"]
    assert [one["status"] for one in results] == [202, 400]
    assert results[1]["error"]["field"] == "expiresat"
    answer = await api.http.post("/api/orders/batch", json={"orders": orders, "expiresAt": 1})
    assert (answer.status_code, answer.json()["field"]) == (400, "expiresAt")
    assert len(api.log.events) == 1


async def test_an_amendment_and_a_cancel_tell_the_name_that_was_meant(api):
    api.log.write(placed(terms=limit()), rested(2))
    api.read_model.project()
    path, seen = f"/api/orders/{ORDER_ID}", {"If-Match": "2"}
    told = (await api.http.patch(path, json={"targetprice": 150}, headers=seen)).json()
    assert (told["error"], told["field"]) == ("INVALID_AMENDMENT", "targetprice")
    assert "did you mean targetPrice?" in told["message"]
    told = (await api.http.post("/api/orders/cancel", json={"all": True, "pairs": "A/B"})).json()
    assert (told["error"], told["field"]) == ("INVALID_CANCEL", "pairs")
    assert "did you mean pair?" in told["message"]
