"""POST /api/orders/preview: what an order would meet, without placing it."""

import asyncio
import itertools
import json
from decimal import Decimal

import pytest

from orders.events import OrderRouted
from orders.fold import replay
from orders.retry import RetryPolicy
from streams.process import OrderProcess
from tests.support.api import running_api
from tests.support.builders import T0, placed
from tests.support.fakes import MemoryChain
from venues import simulated_venues
from venues.settings import VenueSettings

ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, "slippage": 0.01}


@pytest.fixture
async def api():
    async with running_api(quote_latency_ms=0, fault_injection=True) as running:
        yield running


async def previewed(api, headers=None, **changes):
    answer = await api.http.post("/api/orders/preview", json=ORDER | changes, headers=headers)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text, parse_float=Decimal)


async def test_every_venues_quote_is_told_and_nothing_is_placed(api):
    told = await previewed(api)
    best, other = told["quotes"]
    assert {best["venue"], other["venue"]} == {"RAYDIUM", "METEORA"}
    assert best["amountOut"] > other["amountOut"]
    assert best["minAmountOut"] == best["amountOut"] * Decimal("0.99")
    for one in told["quotes"]:
        assert one["fee"] > 0
        assert one["priceImpact"] > 0
        assert one["latencyMs"] >= 0
        assert one["error"] is None
    assert told["winner"]["venue"] == best["venue"]
    assert told["winner"]["aheadOf"]["amountOut"] == best["amountOut"] - other["amountOut"]
    assert told["warnings"] == []
    assert api.log.events == []
    assert "X-Log-Position" not in (await api.http.post("/api/orders/preview", json=ORDER)).headers


async def test_it_is_to_the_digit_what_a_worker_decides_at_the_same_moment(api):
    told = await previewed(api)
    venues = simulated_venues(VenueSettings(quote_latency_ms=0), lambda: T0, MemoryChain())
    ids = itertools.count()
    process = OrderProcess(venues, RetryPolicy(), lambda: T0, lambda: f"{next(ids)}")
    routed = await process.advance(replay([placed()]))
    assert isinstance(routed, OrderRouted)
    assert told["winner"]["venue"] == routed.venue
    assert told["winner"]["minAmountOut"] == routed.min_amount_out
    assert {one["venue"]: one["amountOut"] for one in told["quotes"]} == {
        one.venue: one.amount_out for one in routed.quotes
    }


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        ({"tokenIn": None}, {}),
        ({"tokenOut": "SOL"}, {}),
        ({"amount": "10"}, {}),
        ({"amount": 0}, {}),
        ({"slippage": 1.1}, {}),
        ({"userId": 7}, {}),
        ({"orderType": "limit"}, {}),
        ({"validateOnly": 1}, {}),
        ({"clientOrderId": "mine"}, {}),
        ({}, {"X-Simulate-Faults": "fire"}),
        ({}, {"Idempotency-Key": "a b"}),
    ],
)
async def test_what_a_placement_is_refused_for_a_preview_is_too(api, changes, headers):
    preview, placement = [
        await api.http.post(path, json=ORDER | changes, headers=headers)
        for path in ("/api/orders/preview", "/api/orders")
    ]
    assert preview.status_code == placement.status_code == 400
    for member in ("error", "code", "message"):
        assert preview.json()[member] == placement.json()[member]


async def test_a_body_that_is_no_object_is_refused(api):
    answer = await api.http.post("/api/orders/preview", content=b"[1]")
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_JSON")


async def test_a_venue_without_a_pool_is_told_beside_the_one_that_has_it(api):
    told = await previewed(api, tokenIn="mSOL", tokenOut="BONK")
    assert told["winner"]["venue"] == "RAYDIUM"
    assert told["winner"]["aheadOf"] is None
    assert [one["code"] for one in told["warnings"]] == ["ONE_QUOTE_ONLY"]
    [none] = [one for one in told["quotes"] if one["error"]]
    assert (none["venue"], none["amountOut"]) == ("METEORA", None)
    assert none["error"]["code"] == "NO_LIQUIDITY"


@pytest.mark.parametrize(
    ("changes", "faults", "code", "retryable"),
    [
        ({"tokenIn": "BONK", "tokenOut": "PYTH"}, "-", "NO_LIQUIDITY", False),
        ({"tokenIn": "NOPE"}, "-", "UNKNOWN_TOKEN", False),
        ({}, "no-liquidity", "NO_LIQUIDITY", False),
        ({}, "quote-glitch", "NETWORK", True),
        ({}, "garbage", "INVALID_ANSWER", True),
    ],
)
async def test_that_no_venue_would_take_it_is_an_answer_too(api, changes, faults, code, retryable):
    told = await previewed(api, {"X-Simulate-Faults": faults}, **changes)
    assert told["winner"] is None
    assert (told["error"]["code"], told["error"]["retryable"]) == (code, retryable)
    assert code in told["why"]
    assert [one["code"] for one in told["warnings"]] == ["NO_ROUTE"]


async def test_a_large_swap_is_warned_of(api):
    told = await previewed(api, amount=1_000_000)
    assert [one["code"] for one in told["warnings"]] == ["HIGH_PRICE_IMPACT"]


async def test_a_venue_that_does_not_answer_is_not_waited_for():
    async with running_api(quote_latency_ms=60_000, quote_timeout_ms=20) as api:
        told = await previewed(api)
    assert [one["error"]["code"] for one in told["quotes"]] == ["TIMEOUT"] * 2
    assert told["winner"] is None


async def test_so_many_look_at_once_and_no_more():
    async with running_api(quote_latency_ms=300, max_previews=2) as api:
        asked = (api.http.post("/api/orders/preview", json=ORDER) for _ in range(3))
        answers = sorted(await asyncio.gather(*asked), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [200, 200, 503]
        assert answers[-1].json()["error"] == "ENGINE_BUSY"
        assert answers[-1].headers["Retry-After"] == "1"
        assert (await previewed(api))["winner"]


async def test_it_needs_neither_the_log_nor_the_projection(api):
    api.log.away = api.read_model.away = True
    assert (await previewed(api))["winner"]
