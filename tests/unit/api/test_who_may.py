"""What each scope allows: a user sees their own orders, and nothing tells that there are others."""

import json
from datetime import timedelta

import pytest

from tests.support.api import PLACING
from tests.support.bearers import bearing, token
from tests.support.builders import ORDER_ID, seconds
from tests.support.talks import OTHER_ID, THIRD_ID

UNKNOWN_ID = ORDER_ID.replace("0d5e", "dead")
READING = ("", "/events", "/explain", "?asOfSeq=99", "?asOf=2027-01-01T00:00:00Z")


def told(answer):
    """Return what an answer says, without what is of its request alone."""
    body = answer.json() | {"requestId": "", "instance": ""}
    headers = dict(answer.headers) | {"x-request-id": "", "content-length": ""}
    return answer.status_code, body, headers


@pytest.mark.parametrize("path", ["/health", "/api/health", "/docs", "/openapi.json"])
async def test_what_is_open_asks_for_no_token(guarded, path):
    for headers in ({}, bearing("nonsense")):
        assert (await guarded.http.get(path, headers=headers)).status_code == 200
    assert (await guarded.http.get("/problems/FORBIDDEN")).status_code == 200


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
async def test_all_else_does(guarded, method, path):
    answer = await guarded.http.request(method, path)
    assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHENTICATED")


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
async def test_a_token_in_the_address_is_refused(guarded, ask, name, path):
    refused = await guarded.http.get(f"{path}?{name}={token()}")
    assert (refused.status_code, refused.json()["error"]) == (400, "TOKEN_IN_URL")
    assert (await ask("GET", f"{path}?a=1&{name}=x")).status_code == 400


async def test_two_tokens_are_none(guarded):
    twice = [("Authorization", f"Bearer {token(user)}") for user in ("ann", "bob")]
    assert (await guarded.http.get("/orders", headers=twice)).status_code == 401


async def test_a_feed_that_is_followed_ends_with_its_token(guarded, ask, clock, monkeypatch):
    monkeypatch.setattr("api.streams.HEARTBEAT_S", 0.05)
    clock.now = seconds(59)
    for name in ("records", "news"):
        monkeypatch.setattr(
            guarded.read_model, name, aging(getattr(guarded.read_model, name), clock)
        )
    answer = await ask("GET", "/api/events?follow=true", headers={"Accept": "application/x-ndjson"})
    assert seqs_of(answer) == [1, 2, 3]


def aging(read, clock):
    """Return what reads so, and takes half a second for it."""

    async def slowly(*about):
        clock.now += timedelta(seconds=0.5)
        return await read(*about)

    return slowly
