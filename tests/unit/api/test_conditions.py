"""Orders that wait for a price or a pool, or not for ever: how they are placed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from api.errors import Refusal
from api.listed import Listed
from orders.values import Liquidity
from tests.support.api import PLACING, running_api
from tests.support.builders import T0, limit
from venues.changes import Changes

LIMIT = {"orderType": "limit", "targetPrice": 151.2}
LATER = "2026-01-01T02:00:00+01:00"
ONE_O_CLOCK = datetime(2026, 1, 1, 1, tzinfo=UTC)


@pytest.fixture
def post(api):
    api.log.appended = api.read_model.project

    async def send(path="/api/orders", **members):
        swap = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}
        swap = {} if "orders" in members else swap
        body = {name: value for name, value in {**swap, **members}.items() if value is not ...}
        return await api.http.post(path, json=body)

    return send


async def test_a_limit_order_is_placed_with_every_digit_of_its_price(api, post):
    answer = await api.http.post(
        "/api/orders",
        content=b'{"orderType":"limit","targetPrice":0.00661375661375661376,"expiresAt":"'
        + LATER.encode()
        + b'","tokenIn":"USDC","tokenOut":"SOL","amount":10,"timeInForce":"IOC"}',
    )
    [event] = api.log.events
    assert answer.status_code == 202, answer.text
    assert event.terms.order_type == "limit"
    assert event.terms.target_price == Decimal("0.00661375661375661376")
    assert (event.terms.expires_at, event.terms.time_in_force) == (ONE_O_CLOCK, "IOC")


async def test_a_sniper_order_pays_in_sol_and_may_lose_a_fifth(api, post):
    wanted = {"orderType": "sniper", "tokenOut": "NEWCOIN", "poolProvider": "RAYDIUM"}
    answer = await post(**wanted, minLiquidity=50000.5, tokenIn=...)
    [event] = api.log.events
    assert answer.status_code == 202, answer.text
    terms = event.terms
    assert (terms.token_in, terms.token_out, terms.slippage) == ("SOL", "NEWCOIN", Decimal("0.2"))
    assert (terms.pool_provider, terms.min_liquidity) == ("RAYDIUM", Decimal("50000.5"))


async def test_a_sniper_order_needs_no_more_than_its_token(api, post):
    assert (await post(orderType="sniper", tokenOut="NEWCOIN")).status_code == 202
    [event] = api.log.events
    assert (event.terms.pool_provider, event.terms.min_liquidity) == (None, None)


@pytest.mark.parametrize("path", PLACING)
async def test_any_order_may_have_an_end_and_one_attempt(api, post, path):
    who = {"amountIn": 10, "amount": ..., "userId": "ann"} if path == "/orders" else {}
    answer = await post(path, expiresAt=LATER, timeInForce="IOC", **who)
    [event] = api.log.events
    assert answer.status_code in {201, 202}
    assert (event.terms.expires_at, event.terms.time_in_force) == (ONE_O_CLOCK, "IOC")


@pytest.mark.parametrize(
    ("members", "error", "field"),
    [
        ({"orderType": "limit"}, "MISSING_TARGET_PRICE", "targetPrice"),
        (LIMIT | {"targetPrice": 0}, "INVALID_TARGET_PRICE", "targetPrice"),
        (LIMIT | {"targetPrice": "151"}, "INVALID_TARGET_PRICE", "targetPrice"),
        (LIMIT | {"targetPrice": 1e31}, "INVALID_TARGET_PRICE", "targetPrice"),
        (LIMIT | {"targetPrice": 1e-37}, "INVALID_TARGET_PRICE", "targetPrice"),
        ({"targetPrice": 1}, "MISPLACED_CONDITION", "targetPrice"),
        (LIMIT | {"poolProvider": "RAYDIUM"}, "MISPLACED_CONDITION", "poolProvider"),
        ({"minLiquidity": 1}, "MISPLACED_CONDITION", "minLiquidity"),
        ({"orderType": "sniper", "poolProvider": "ray"}, "INVALID_POOL_PROVIDER", "poolProvider"),
        ({"orderType": "sniper", "poolProvider": "ORCA"}, "INVALID_POOL_PROVIDER", "poolProvider"),
        (
            {"orderType": "sniper", "poolProvider": ["RAYDIUM"]},
            "INVALID_POOL_PROVIDER",
            "poolProvider",
        ),
        ({"orderType": "sniper", "minLiquidity": -1}, "INVALID_MIN_LIQUIDITY", "minLiquidity"),
        ({"timeInForce": "FOK"}, "INVALID_TIME_IN_FORCE", "timeInForce"),
        ({"timeInForce": ["IOC"]}, "INVALID_TIME_IN_FORCE", "timeInForce"),
        ({"expiresAt": "2030-01-01T00:00:00"}, "INVALID_EXPIRES_AT", "expiresAt"),
        ({"expiresAt": "2030-01-01T00:00:00Z\0"}, "INVALID_EXPIRES_AT", "expiresAt"),
        ({"expiresAt": 1893456000}, "INVALID_EXPIRES_AT", "expiresAt"),
        ({"expiresAt": "9999-12-31T23:59:59-14:00"}, "INVALID_EXPIRES_AT", "expiresAt"),
        ({"expiresAt": T0.isoformat()}, "INVALID_EXPIRES_AT", "expiresAt"),
        ({"expiresAt": T0.isoformat(), "validateOnly": True}, "INVALID_EXPIRES_AT", "expiresAt"),
        ({"tokenIn": []}, "INVALID_TOKEN_IN", "tokenIn"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field_and_a_remedy(
    api, post, members, error, field
):
    answer = await post(**members)
    told = answer.json()
    assert (answer.status_code, told["error"], told["field"]) == (400, error, field)
    assert api.log.events == []


async def test_a_venue_that_is_not_there_is_refused_with_those_that_are(post):
    answer = await post(orderType="sniper", poolProvider="ORCA")
    assert "RAYDIUM or METEORA" in answer.json()["message"]


def pool_of(token):
    return Liquidity(token=token, pool="RAYDIUM", usd=Decimal(9), price=Decimal(1), at=T0)


@pytest.mark.parametrize("more", [{}, {"validateOnly": True}])
@pytest.mark.parametrize("path", ["/api/orders", "/api/orders/preview"])
async def test_a_limit_order_of_a_token_without_a_price_is_refused(api, post, path, more):
    for field in ("tokenIn", "tokenOut"):
        told = (await post(path, **LIMIT, **more, **{field: "NEWCOIN"})).json()
        assert (told["status"], told["error"], told["field"]) == (400, "UNKNOWN_TOKEN", field)
        assert "sniper" in told["message"]
    assert api.log.events == []


async def test_a_token_that_a_pool_has_brought_has_a_price(api, post):
    api.market.tell(pool_of("NEWCOIN"))
    assert (await post(**LIMIT, tokenOut="NEWCOIN")).status_code == 202
    told = (await post(**LIMIT, tokenIn="OTHER", tokenOut="NEWCOIN")).json()
    assert (told["error"], told["field"]) == ("UNKNOWN_TOKEN", "tokenIn")


async def test_between_two_tokens_that_pools_have_brought_there_is_no_price(api, post):
    api.market.tell(pool_of("NEWCOIN"))
    api.market.tell(pool_of("OTHER"))
    told = (await post(**LIMIT, tokenIn="OTHER", tokenOut="NEWCOIN")).json()
    assert (told["error"], told["field"]) == ("UNKNOWN_TOKEN", "tokenOut")
    assert "USDC" in told["message"]


@pytest.mark.parametrize("order_type", ["market", "sniper"])
async def test_other_orders_may_name_a_token_that_is_not_there(post, order_type):
    assert (await post(orderType=order_type, tokenOut="NEWCOIN")).status_code == 202


async def test_in_a_batch_a_limit_order_without_a_price_is_refused_alone(post):
    swap = {"tokenIn": "SOL", "tokenOut": "NEWCOIN", "amount": 10}
    told = (await post("/api/orders/batch", orders=[swap, swap | LIMIT])).json()["results"]
    assert [one["status"] for one in told] == [202, 400]
    assert told[1]["error"]["field"] == "tokenOut"


async def test_while_nobody_knows_the_market_a_token_is_not_called_unknown(monkeypatch):
    monkeypatch.setattr("api.listed.PATIENCE", timedelta())
    listed = Listed(Changes(known=False))
    await listed.require(limit())
    with pytest.raises(Refusal) as refused:
        await listed.require(limit(token_out="NEWCOIN"))
    assert (refused.value.kind.error, refused.value.headers["Retry-After"]) == (
        "LOG_UNAVAILABLE",
        "1",
    )


@pytest.mark.parametrize("path", ["/api/orders/execute", "/orders"])
async def test_the_paths_of_market_orders_place_no_others(api, post, path):
    answer = await post(path, **LIMIT)
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_ORDER_TYPE")
    assert "/api/orders" in answer.json()["message"]


async def test_a_batch_holds_orders_of_all_types(api, post):
    swap = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}
    some = [swap, swap | LIMIT, swap | {"orderType": "sniper"}, swap | {"orderType": "limit"}]
    told = (await post("/api/orders/batch", orders=some)).json()["results"]
    assert [one["status"] for one in told] == [202, 202, 202, 400]
    assert told[3]["error"]["field"] == "targetPrice"
    assert sorted(event.terms.order_type for event in api.log.events) == [
        "limit",
        "market",
        "sniper",
    ]


async def test_a_named_order_whose_time_is_over_is_still_answered_as_before():
    now = [T0]
    async with running_api(clock=lambda: now[0]) as api:
        api.log.appended = api.read_model.project
        body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, **LIMIT, "expiresAt": LATER}
        named = {**body, "userId": "ann", "clientOrderId": "mine"}
        first = await api.http.post("/api/orders", json=named)
        now[0] = ONE_O_CLOCK
        again = await api.http.post("/api/orders", json=named)
        assert (first.status_code, again.status_code) == (202, 200)
        other = await api.http.post("/api/orders", json={**named, "targetPrice": 150})
        assert (other.status_code, other.json()["field"]) == (409, "targetPrice")
        late = await api.http.post("/api/orders", json={**named, "clientOrderId": "new"})
        assert (late.status_code, late.json()["error"]) == (400, "INVALID_EXPIRES_AT")


async def test_a_preview_tells_whether_a_limit_order_would_wait():
    async with running_api(quote_latency_ms=0) as api:
        swap = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, "slippage": 0.01}
        for price, codes in ((0.5, []), (10**6, ["PRICE_NOT_REACHED"])):
            body = {**swap, "orderType": "limit", "targetPrice": price}
            told = (await api.http.post("/api/orders/preview", json=body)).json()
            assert [one["code"] for one in told["warnings"]] == codes
            assert (told["orderType"], told["targetPrice"]) == ("limit", price)
