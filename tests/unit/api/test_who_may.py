"""A user places and sees their own orders, and nothing tells that there are others."""

import json
from datetime import timedelta

import pytest

from orders.ids import order_id_of
from tests.support.api import running_api
from tests.support.bearers import JWT, TRADER, Clock, bearing, token
from tests.support.builders import ORDER_ID, executed, placed, routed, seconds
from tests.support.talks import OTHER, OTHER_ID, THIRD_ID

UNKNOWN_ID = ORDER_ID.replace("0d5e", "dead")
MARKET = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1, "amountIn": 1}
CANCEL = "/api/orders/cancel"
PLACING = ("/api/orders/execute", "/orders", "/api/orders")
READING = ("", "/events", "/explain", "?asOfSeq=99", "?asOf=2027-01-01T00:00:00Z")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def api(clock):
    limits = {"rate_limit_orders": 0, "rate_limit_reads": 0}
    async with running_api(clock=clock, **JWT, **limits) as running:
        running.log.appended = running.read_model.project
        running.log.write(placed(user_id="ann"), routed(2), executed(3))
        running.log.write(placed(order_id=OTHER_ID, user_id="bob"), routed(2, **OTHER))
        running.log.write(placed(order_id=THIRD_ID))
        running.read_model.project()
        yield running


@pytest.fixture
def ask(api):
    """Send a request as a user with a scope."""

    async def send(method, path, user="ann", scope=TRADER, **more):
        headers = {**bearing(token(user, scope)), **more.pop("headers", {})}
        return await api.http.request(method, path, headers=headers, **more)

    return send


def owner_of(api, answer):
    """Return whose order was placed."""
    [event] = [one for one in api.log.events if one.order_id in answer.text]
    return event.user_id


def told(answer):
    """Return what an answer says, without what is of its request alone."""
    body = answer.json() | {"requestId": "", "instance": ""}
    headers = dict(answer.headers) | {"x-request-id": "", "content-length": ""}
    return answer.status_code, body, headers


@pytest.mark.parametrize("path", ["/health", "/api/health", "/docs", "/openapi.json"])
async def test_what_is_open_asks_for_no_token(api, path):
    for headers in ({}, bearing("nonsense")):
        assert (await api.http.get(path, headers=headers)).status_code == 200
    assert (await api.http.get("/problems/FORBIDDEN")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("POST", path) for path in (*PLACING, "/api/orders/batch")),
        *(("GET", f"/api/orders/{ORDER_ID}{more}") for more in READING),
        *(("GET", path) for path in ("/api/orders", "/orders", "/api/events")),
        *(("GET", path) for path in ("/nowhere", "/problems", "//health", "/health/", "/DOCS")),
        ("OPTIONS", "/api/orders"),
        ("DELETE", f"/api/orders/{ORDER_ID}"),
    ],
)
async def test_all_else_does(api, method, path):
    answer = await api.http.request(method, path)
    assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("path", PLACING)
async def test_an_order_is_its_bearer_s(api, ask, path):
    for user_id in (None, "", "ann"):
        answer = await ask("POST", path, json={**MARKET, "userId": user_id})
        assert answer.status_code in {201, 202}, answer.text
        assert owner_of(api, answer) == "ann"


@pytest.mark.parametrize("path", PLACING)
@pytest.mark.parametrize("user_id", ["bob", "ann ", "ANN", 7, ["ann"], {"a": 1}])
async def test_an_order_for_somebody_else_is_refused(api, ask, path, user_id):
    before = len(api.log.events)
    answer = await ask("POST", path, json={**MARKET, "userId": user_id})
    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")
    assert (answer.json()["field"], answer.json()["scope"]) == ("userId", "admin")
    assert len(api.log.events) == before


async def test_in_a_batch_each_order_is_judged_by_itself(api, ask):
    orders = [{**MARKET}, {**MARKET, "userId": "bob"}, {**MARKET, "userId": "ann"}]
    results = (await ask("POST", "/api/orders/batch", json={"orders": orders})).json()["results"]
    assert [one["status"] for one in results] == [202, 403, 202]
    assert results[1]["error"]["error"] == "FORBIDDEN"


async def test_an_order_is_named_within_its_user(api, ask):
    key = {"Idempotency-Key": "one"}
    ids = [
        (await ask("POST", PLACING[0], user, json=MARKET, headers=key)).json()["orderId"]
        for user in ("ann", "bob", "ann")
    ]
    assert ids == [order_id_of("ann", "one"), order_id_of("bob", "one"), ids[0]]


async def test_an_admin_places_for_anybody(api, ask):
    for user_id, expected in (("bob", "bob"), (None, "root")):
        document = {**MARKET, "userId": user_id}
        answer = await ask("POST", PLACING[0], "root", "admin", json=document)
        assert (answer.status_code, owner_of(api, answer)) == (202, expected)


@pytest.mark.parametrize("more", READING)
async def test_somebody_else_s_order_is_as_one_that_is_not_there(ask, more):
    unknown = told(await ask("GET", f"/api/orders/{UNKNOWN_ID}{more}"))
    assert unknown[0] == 404
    for order_id in (OTHER_ID, THIRD_ID, OTHER_ID.upper()):
        assert told(await ask("GET", f"/api/orders/{order_id}{more}")) == unknown
    assert (await ask("GET", f"/api/orders/{ORDER_ID}{more}")).status_code == 200
    for scope in ("orders:read:all", "admin"):
        for order_id in (ORDER_ID, OTHER_ID, THIRD_ID):
            path = f"/api/orders/{order_id}{more}"
            assert (await ask("GET", path, "eve", scope)).status_code == 200


async def test_when_somebody_else_s_order_came_is_not_told_either(ask):
    unknown = told(await ask("GET", f"/api/orders/{UNKNOWN_ID}?asOfSeq=1"))
    assert told(await ask("GET", f"/api/orders/{OTHER_ID}?asOfSeq=1")) == unknown


async def test_lists_are_of_one_s_own(ask):
    page = (await ask("GET", "/api/orders")).json()
    assert (page["total"], [one["id"] for one in page["orders"]]) == (1, [ORDER_ID])
    assert [one["order_id"] for one in (await ask("GET", "/orders")).json()] == [ORDER_ID]
    assert (await ask("GET", "/api/orders?userId=ann")).json()["total"] == 1
    assert (await ask("GET", "/api/orders", "eve")).json()["total"] == 0
    everybody = (await ask("GET", "/api/orders", "eve", "orders:read:all")).json()
    assert everybody["total"] == 3
    assert len((await ask("GET", "/orders", "eve", "admin")).json()) == 3
    bobs = (await ask("GET", "/api/orders?userId=bob", "eve", "admin")).json()
    assert [one["id"] for one in bobs["orders"]] == [OTHER_ID]


@pytest.mark.parametrize("path", ["/api/orders", "/api/events"])
async def test_a_filter_by_somebody_else_is_refused_whether_they_are_there_or_not(ask, path):
    answers = [told(await ask("GET", f"{path}?userId={user}")) for user in ("bob", "nobody")]
    assert answers[0] == answers[1]
    status, body, _ = answers[0]
    assert (status, body["error"], body["scope"]) == (403, "FORBIDDEN", "orders:read:all")


def seqs_of(answer):
    return [json.loads(line)["seq"] for line in answer.text.splitlines()]


async def test_the_feed_is_of_one_s_own(ask):
    lines = {"Accept": "application/x-ndjson"}

    async def read(query="", *who):
        return seqs_of(await ask("GET", f"/api/events{query}", *who, headers=lines))

    assert await read() == await read(f"?orderId={ORDER_ID}") == await read("?userId=ann")
    assert await read() == [1, 2, 3]
    for order_id in (OTHER_ID, UNKNOWN_ID):
        answer = await ask("GET", f"/api/events?orderId={order_id}", headers=lines)
        assert (answer.status_code, answer.json()["error"]) == (404, "ORDER_NOT_FOUND")
    assert await read("", "eve", "orders:read:all") == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("method", "path", "scope", "missing"),
    [
        *(("POST", path, "orders:read:all", "orders:write") for path in PLACING),
        ("POST", "/api/orders/batch", "orders:read", "orders:write"),
        ("GET", "/api/orders", "orders:write", "orders:read"),
        ("GET", f"/api/orders/{ORDER_ID}", "", "orders:read"),
        ("GET", f"/api/orders/{ORDER_ID}/explain", "order:read", "orders:read"),
        ("GET", "/api/events", "orders:write", "orders:read"),
        ("GET", "/metrics", "orders:read", "orders:read:all"),
        ("DELETE", f"/api/orders/{ORDER_ID}", "orders:read", "orders:write"),
    ],
)
async def test_a_missing_scope_is_named(ask, method, path, scope, missing):
    answer = await ask(method, path, scope=scope)
    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")
    assert answer.json()["scope"] == missing
    assert missing in answer.json()["message"]


@pytest.mark.parametrize("name", ["token", "access_token", "Access_Token", "%74oken", "jwt"])
@pytest.mark.parametrize("path", ["/orders", "/api/events", f"/api/orders/{ORDER_ID}"])
async def test_a_token_in_the_address_is_refused(api, ask, name, path):
    refused = await api.http.get(f"{path}?{name}={token()}")
    assert (refused.status_code, refused.json()["error"]) == (400, "TOKEN_IN_URL")
    assert (await ask("GET", f"{path}?a=1&{name}=x")).status_code == 400


async def test_two_tokens_are_none(api):
    twice = [("Authorization", f"Bearer {token(user)}") for user in ("ann", "bob")]
    assert (await api.http.get("/orders", headers=twice)).status_code == 401


async def test_a_feed_that_is_followed_ends_with_its_token(api, ask, clock, monkeypatch):
    monkeypatch.setattr("api.streams.HEARTBEAT_S", 0.05)
    clock.now = seconds(59)
    for name in ("records", "news"):
        monkeypatch.setattr(api.read_model, name, aging(getattr(api.read_model, name), clock))
    answer = await ask("GET", "/api/events?follow=true", headers={"Accept": "application/x-ndjson"})
    assert seqs_of(answer) == [1, 2, 3]


def aging(read, clock):
    """Return what reads so, and takes half a second for it."""

    async def slowly(*about):
        clock.now += timedelta(seconds=0.5)
        return await read(*about)

    return slowly


async def test_without_tokens_everybody_is_who_they_say(clock):
    async with running_api() as api:
        api.log.appended = api.read_model.project
        for user in ("ann", "bob", None):
            answer = await api.http.post("/api/orders", json={**MARKET, "userId": user})
            order_id = answer.json()["orderId"]
            assert (await api.http.get(f"/api/orders/{order_id}")).json()["userId"] == user
        assert (await api.http.get("/api/orders?token=x")).json()["total"] == 3
        unnamed = await api.http.post("/orders", json=MARKET)
        assert unnamed.json()["error"] == "MISSING_USER_ID"
        named = await api.http.post(PLACING[0], json={**MARKET, "clientOrderId": "one"})
        assert (named.status_code, named.json()["error"]) == (400, "USER_REQUIRED")


@pytest.mark.parametrize("scope", [TRADER, f"{TRADER} orders:read:all"])
async def test_nobody_changes_somebody_else_s_order(api, ask, scope):
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
    assert not [event for event in api.log.events if event.type == "OrderCancelRequested"]


@pytest.mark.parametrize(("user", "scope", "count"), [("ann", TRADER, 1), ("root", "admin", 3)])
async def test_one_s_own_orders_are_cancelled_and_an_admin_s_are_all(api, ask, user, scope, count):
    await ask("POST", "/api/orders", json=MARKET)
    results = (await ask("POST", CANCEL, user, scope, json={"all": True})).json()["results"]
    assert [result["status"] for result in results] == [202] * count
    wishes = [event for event in api.log.events if event.type == "OrderCancelRequested"]
    assert [wish.user_id for wish in wishes] == [user] * count


async def test_whoever_only_reads_cancels_nothing(ask):
    answer = await ask("DELETE", f"/api/orders/{ORDER_ID}", scope="orders:read")
    assert (answer.status_code, answer.json()["scope"]) == (403, "orders:write")
