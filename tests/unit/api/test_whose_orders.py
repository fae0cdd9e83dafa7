"""A user places, changes and ends their own orders, an admin anybody's."""

import pytest

from orders.ids import order_id_of
from tests.support.api import PLACING, running_api
from tests.support.bearers import TRADER
from tests.support.builders import ORDER_ID

MARKET = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}
LEGACY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1}
CANCEL = "/api/orders/cancel"


def market(path):
    """Return a market order as the route takes it."""
    return LEGACY if path == "/orders" else MARKET


def owner_of(guarded, answer):
    """Return whose order was placed."""
    [event] = [one for one in guarded.log.events if one.order_id in answer.text]
    return event.user_id


@pytest.mark.parametrize("path", PLACING)
async def test_an_order_is_its_bearer_s(guarded, ask, path):
    for user_id in (None, "", "ann"):
        answer = await ask("POST", path, json={**market(path), "userId": user_id})
        assert answer.status_code in {201, 202}, answer.text
        assert owner_of(guarded, answer) == "ann"


@pytest.mark.parametrize("path", PLACING)
@pytest.mark.parametrize("user_id", ["bob", "ann ", "ANN", 7, ["ann"], {"a": 1}])
async def test_an_order_for_somebody_else_is_refused(guarded, ask, path, user_id):
    before = len(guarded.log.events)
    answer = await ask("POST", path, json={**market(path), "userId": user_id})
    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")
    assert (answer.json()["field"], answer.json()["scope"]) == ("userId", "admin")
    assert len(guarded.log.events) == before


async def test_in_a_batch_each_order_is_judged_by_itself(guarded, ask):
    orders = [{**MARKET}, {**MARKET, "userId": "bob"}, {**MARKET, "userId": "ann"}]
    results = (await ask("POST", "/api/orders/batch", json={"orders": orders})).json()["results"]
    assert [one["status"] for one in results] == [202, 403, 202]
    assert results[1]["error"]["error"] == "FORBIDDEN"


async def test_an_order_is_named_within_its_user(guarded, ask):
    key = {"Idempotency-Key": "one"}
    ids = [
        (await ask("POST", PLACING[0], user, json=MARKET, headers=key)).json()["orderId"]
        for user in ("ann", "bob", "ann")
    ]
    assert ids == [order_id_of("ann", "one"), order_id_of("bob", "one"), ids[0]]


async def test_an_admin_places_for_anybody(guarded, ask):
    for user_id, expected in (("bob", "bob"), (None, "root")):
        document = {**MARKET, "userId": user_id}
        answer = await ask("POST", PLACING[0], "root", "admin", json=document)
        assert (answer.status_code, owner_of(guarded, answer)) == (202, expected)


async def test_without_tokens_everybody_is_who_they_say():
    async with running_api() as api:
        api.log.appended = api.read_model.project
        for user in ("ann", "bob", None):
            answer = await api.http.post("/api/orders", json={**MARKET, "userId": user})
            order_id = answer.json()["orderId"]
            assert (await api.http.get(f"/api/orders/{order_id}")).json()["userId"] == user
        assert (await api.http.get("/api/orders?token=x")).json()["total"] == 3
        unnamed = await api.http.post("/orders", json=LEGACY)
        assert unnamed.json()["error"] == "MISSING_USER_ID"
        named = await api.http.post(PLACING[0], json={**MARKET, "clientOrderId": "one"})
        assert (named.status_code, named.json()["error"]) == (400, "USER_REQUIRED")


@pytest.mark.parametrize("scope", [TRADER, f"{TRADER} orders:read:all"])
async def test_nobody_changes_somebody_else_s_order(guarded, ask, scope):
    order_id = (await ask("POST", "/api/orders", json=MARKET)).json()["orderId"]
    change = {"json": {"slippage": 0.1}, "headers": {"If-Match": "1"}}
    for method, more in (("DELETE", {}), ("PATCH", change)):
        answer = await ask(method, f"/api/orders/{order_id}", "cat", scope, **more)
        assert (answer.status_code, answer.json()["error"]) == (404, "ORDER_NOT_FOUND")
    named = {"json": {"orderIds": [order_id]}}
    [result] = (await ask("POST", CANCEL, "cat", scope, **named)).json()["results"]
    assert result["status"] == 404
    answer = await ask("POST", CANCEL, "cat", scope, json={"userId": "ann"})
    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")
    everything = {"json": {"all": True}}
    assert (await ask("POST", CANCEL, "cat", scope, **everything)).json()["results"] == []
    assert not [event for event in guarded.log.events if event.type == "OrderCancelRequested"]


@pytest.mark.parametrize(("user", "scope", "count"), [("ann", TRADER, 1), ("root", "admin", 3)])
async def test_one_s_own_orders_are_cancelled_and_an_admin_s_are_all(
    guarded, ask, user, scope, count
):
    await ask("POST", "/api/orders", json=MARKET)
    results = (await ask("POST", CANCEL, user, scope, json={"all": True})).json()["results"]
    assert [result["status"] for result in results] == [202] * count
    wishes = [event for event in guarded.log.events if event.type == "OrderCancelRequested"]
    assert [wish.user_id for wish in wishes] == [user] * count


async def test_whoever_only_reads_cancels_nothing(ask):
    answer = await ask("DELETE", f"/api/orders/{ORDER_ID}", scope="orders:read")
    assert (answer.status_code, answer.json()["scope"]) == (403, "orders:write")
