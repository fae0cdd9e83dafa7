"""Web pages: which may use the API, and what browsers are told to keep to themselves."""

from contextlib import asynccontextmanager

import pytest
import websockets

from tests.support.api import in_memory, running_api, serving
from tests.support.bearers import JWT, bearing, token
from tests.support.talks import Client, World

PAGE, OTHER_PAGE = "https://a.example", "https://b.example"
LISTED = {"cors_origins": f"{PAGE}, https://c.example"}
OWN = {"Origin": "http://127.0.0.1:3000", "Host": "127.0.0.1:3000"}
ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/orders", 200),
        ("POST", "/api/orders/execute", 400),
        ("GET", "/nowhere", 404),
        ("PUT", "/orders", 405),
        ("GET", "/api/events", 200),
        ("GET", "/docs", 200),
    ],
)
async def test_every_answer_tells_browsers_to_keep_it_to_themselves(api, method, path, status):
    answer = await api.http.request(method, path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers.get_list("cache-control") == ["no-store"]
    [policy] = answer.headers.get_list("content-security-policy")
    assert "frame-ancestors 'none'" in policy
    assert ("default-src 'none'" in policy) == (path != "/docs")


async def test_an_answer_to_what_nobody_foresaw_does_so_too(api):
    async def broken(*_about):
        raise ZeroDivisionError

    api.read_model.page = broken
    answer = await api.http.get("/orders")
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_without_a_list_no_page_may_read_anything(api):
    answer = await api.http.get("/orders", headers={"Origin": PAGE})
    assert "access-control-allow-origin" not in answer.headers
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    assert (await api.http.options("/orders", headers=asked)).status_code == 405


async def test_a_listed_page_may(api):
    async with running_api(**LISTED, **JWT) as guarded:
        asked = {
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,idempotency-key,content-type",
        }
        allowed = await guarded.http.options("/api/orders", headers=asked)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == PAGE
        assert "Idempotency-Key" in allowed.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in allowed.headers
        for headers in ({"Origin": PAGE}, {"Origin": PAGE, **bearing(token())}):
            answer = await guarded.http.get("/orders", headers=headers)
            assert answer.headers["access-control-allow-origin"] == PAGE
            shown = answer.headers["access-control-expose-headers"]
            for name in ("X-Log-Position", "X-Request-Id", "RateLimit-Remaining", "Retry-After"):
                assert name in shown


@pytest.mark.parametrize(
    "origin", [OTHER_PAGE, "null", "https://a.example.evil", "http://a.example"]
)
async def test_a_page_that_is_not_listed_may_not(origin):
    async with running_api(**LISTED) as api:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        refused = await api.http.options("/api/orders", headers=asked)
        assert "access-control-allow-origin" not in refused.headers
        assert "x-request-id" in refused.headers
        answer = await api.http.get("/orders", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        # What a page may send without asking first is not taken either.
        placed = await api.http.post("/api/orders", json=ORDER, headers={"Origin": origin})
        assert (placed.status_code, placed.json()["error"]) == (403, "ORIGIN_REFUSED")
        assert not api.log.events


async def test_whoever_is_no_page_or_one_of_the_engine_itself_may():
    async with running_api(**LISTED) as api:
        for headers in ({}, OWN, {"Origin": PAGE}):
            answer = await api.http.post("/api/orders", json=ORDER, headers=headers)
            assert answer.status_code == 202


@pytest.mark.parametrize(
    "origin", ["http://localhost:5173", "http://127.0.0.1:8080", "http://[::1]", OWN["Origin"]]
)
async def test_without_a_list_a_page_of_the_same_machine_may(api, origin):
    headers = {**OWN, "Origin": origin}
    answer = await api.http.post("/api/orders", json=ORDER, headers=headers)
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "origin",
    [PAGE, "null", "http://10.0.0.8", "http://127.0.0.1.a.example", "http://api", "http://["],
)
async def test_without_a_list_no_other_page_may_place_anything(api, origin):
    plain = {"Origin": origin, "Content-Type": "text/plain"}
    placed = await api.http.post("/api/orders", json=ORDER, headers=plain)
    assert (placed.status_code, placed.json()["error"]) == (403, "ORIGIN_REFUSED")
    assert not api.log.events


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 403), ("::1", 403), ("192.0.2.7", 202)])
async def test_under_another_name_it_is_the_engine_itself_only_where_others_reach_it(host, status):
    own = {"Origin": "http://trader.example:3000", "Host": "trader.example:3000"}
    async with running_api(host=host) as api:
        assert (await api.http.post("/api/orders", json=ORDER, headers=own)).status_code == status


async def test_a_page_with_a_token_needs_no_list():
    async with running_api(**JWT) as guarded:
        headers = {"Origin": PAGE, **bearing(token())}
        answer = await guarded.http.post("/api/orders", json=ORDER, headers=headers)
        assert answer.status_code == 202


async def test_every_page_may_when_it_is_said_so():
    async with running_api(cors_origins="*") as api:
        answer = await api.http.get("/orders", headers={"Origin": OTHER_PAGE})
        assert answer.headers["access-control-allow-origin"] == "*"
        placed = await api.http.post("/api/orders", json=ORDER, headers={"Origin": OTHER_PAGE})
        assert placed.status_code == 202


@asynccontextmanager
async def socket_of(origin, **settings):
    app, neighbours = in_memory(**settings)
    async with serving(app) as url:
        world = World(url, neighbours, app)
        if origin == "its own":
            origin = url
        async with websockets.connect(world.url, origin=origin) as socket:
            yield Client(socket)


@pytest.mark.parametrize("origin", [None, PAGE, "its own"])
async def test_a_listed_page_may_open_a_socket(origin):
    async with socket_of(origin, **LISTED) as client:
        assert (await client.told())["type"] == "hello"


@pytest.mark.parametrize("settings", [LISTED, {}])
@pytest.mark.parametrize("origin", [OTHER_PAGE, "null"])
async def test_another_page_may_not(origin, settings):
    async with socket_of(origin, **settings) as client:
        [told] = await client.rest()
        assert (told["error"], client.socket.close_code) == ("ORIGIN_REFUSED", 4403)
