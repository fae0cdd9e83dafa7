"""An order as it was, and why it went as it did."""

from datetime import UTC, datetime, timedelta

import pytest

from orders.events import OrderAmendRejected, OrderAmendRequested, OrderCancelRequested
from tests.support.builders import (
    LIQUIDITY,
    ORDER_ID,
    T0,
    amended,
    cancelled,
    executed,
    expired,
    failed,
    limit,
    placed,
    quote,
    reason,
    rested,
    retry_due,
    retry_scheduled,
    routed,
    seconds,
    sniper,
    triggered,
    wish,
)

PATH = f"/api/orders/{ORDER_ID}"


@pytest.fixture
async def read(api):
    """Return what reads the order once these events stand in the log."""

    async def of(*events, path="", **query):
        api.log.write(*events)
        api.read_model.project()
        return await api.http.get(f"{PATH}{path}", params=query)

    return of


LIFE = (
    placed(),
    routed(2),
    retry_scheduled(3),
    retry_due(4, 2),
    routed(5, attempt=2),
    executed(6, attempt=2),
)


@pytest.mark.parametrize(
    ("seq", "status", "attempts"),
    [
        (1, "pending", 0),
        (2, "executing", 1),
        (3, "executing", 1),
        (6, "completed", 2),
        (99, "completed", 2),
    ],
)
async def test_an_order_is_read_as_it_was(read, seq, status, attempts):
    told = (await read(*LIFE, asOfSeq=seq)).json()
    assert (told["status"], told["attempts"], told["version"]) == (status, attempts, min(seq, 6))


async def test_as_of_its_last_event_it_is_what_it_is(read):
    now = (await read(*LIFE)).json()
    assert (await read(asOfSeq=6)).json() == now


async def test_a_time_of_the_log_will_do(read):
    later = (routed(2, occurred_at=seconds(1)), executed(3, occurred_at=seconds(2)))
    told = await read(placed(), *later, asOf=seconds(1).isoformat())
    assert told.json()["status"] == "executing"


async def test_before_its_placement_there_was_no_order(read):
    answer = await read(*LIFE, asOf="2000-01-01T00:00:00+02:00")
    assert (answer.status_code, answer.json()["error"]) == (404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize(
    "query",
    [
        {"asOfSeq": "x"},
        {"asOfSeq": "-1"},
        {"asOfSeq": "1.5"},
        {"asOfSeq": "1\0"},
        {"asOfSeq": "\u0661"},
        {"asOfSeq": "9" * 40},
        {"asOf": "2026-01-01T00:00:00"},
        {"asOf": "yesterday"},
        {"asOf": "\0"},
        {"asOf": "2026-01-01T00:00:00Z\0"},
        {"asOfSeq": "1", "asOf": "2026-01-01T00:00:00Z"},
    ],
)
async def test_what_is_neither_a_place_nor_a_time_is_refused(read, query):
    answer = await read(*LIFE, **query)
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_AS_OF")


async def test_the_choice_of_a_venue_is_explained(read):
    offers = (quote("1500"), quote("1498.5", "METEORA"))
    told = (await read(placed(), routed(2, quotes=offers), path="/explain")).json()
    step = told["timeline"][1]
    assert step["text"].startswith("Attempt 1: RAYDIUM offered 1500 USDC, 1.5 more than METEORA.")
    figures = step["data"]
    assert [q["venue"] for q in figures["quotes"]] == ["RAYDIUM", "METEORA"]
    assert [q["behindBest"] for q in figures["quotes"]] == [0, 1.5]
    assert (figures["costAgainstBest"], figures["gainAgainstWorst"]) == (0, 1.5)
    assert figures["recomputed"] is True


async def test_a_choice_that_was_not_the_best_is_told(read):
    offers = (quote("1500"), quote("1501", "METEORA"))
    told = (await read(placed(), routed(2, quotes=offers), path="/explain")).json()
    figures = told["timeline"][1]["data"]
    assert (figures["recomputed"], figures["costAgainstBest"]) == (False, 1)


async def test_retries_slippage_and_fees_are_told(read):
    timeline = (await read(*LIFE, path="/explain")).json()["timeline"]
    assert [step["type"] for step in timeline] == [event.type for event in LIFE]
    scheduled, due, filled = timeline[2], timeline[3], timeline[5]
    assert scheduled["data"]["delaySeconds"] == 2
    assert "the next waits 2 s" in scheduled["text"]
    assert due["data"]["waitedSeconds"] >= 0
    quoted, got = filled["data"]["quotedAmountOut"], filled["data"]["amountOut"]
    assert filled["data"]["slippage"] == pytest.approx((quoted - got) / quoted)
    assert "than it quoted" in filled["text"]


async def test_a_failure_is_told_with_its_reason(read):
    told = (await read(placed(), failed(2), path="/explain")).json()
    assert told["timeline"][-1]["data"]["reason"]["code"] in told["timeline"][-1]["text"]


async def test_what_lost_a_race_is_no_part_of_the_story(read):
    late = routed(2, event_id="late", venue="METEORA")
    told = (await read(placed(), routed(2), late, path="/explain")).json()
    assert [step["version"] for step in told["timeline"]] == [1, 2]


BEGUN = {"expires_at": seconds(60), "time_in_force": "IOC"}
OTHER = limit(target_price="150", slippage="0.02", **BEGUN)
ASKED = wish(OrderAmendRequested, "a", user_id="ann", seen_version=2, terms=OTHER)
NO = wish(OrderAmendRejected, "b", causation_id="z", reason=reason("NOT_RESTING"))
LIMIT_LIFE = (
    placed(terms=limit(**BEGUN)),
    rested(2),
    ASKED,
    amended(3, OTHER, causation_id="a"),
    NO,
    triggered(4),
    rested(5, 2, reason=reason("PRICE_NOT_REACHED"), delay=timedelta(seconds=2)),
    wish(OrderCancelRequested),
    cancelled(6),
)
SAID = [
    "once 1 SOL gives 151.2 USDC after fee and impact, in one attempt, until 2026-01-01 00:01:00",
    "Waits until 1 SOL gives 151.2 USDC.",
    "ann, who saw version 2, asked for other terms: slippage 0.02",
    "Amended: slippage 0.02, targetPrice 150.",
    "The other terms were refused (NOT_RESTING: the line is cut).",
    "SOL/USDC came to 151.5 (1 SOL gives 151.5 USDC, wanted is 150 after fee and impact): its",
    "it may fire again on a better price, or after 2 s.",
    "Somebody asked to cancel it.",
    "Cancelled after 0 attempt(s).",
]


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (None, "Amended: expiresAt none any more."),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "Amended: expiresAt 2026-01-02 03:00:00 UTC."),
    ],
)
async def test_an_amended_end_is_told_as_people_write_it(read, end, said):
    begun = limit(expires_at=datetime(2026, 1, 1, 1, tzinfo=UTC))
    terms = limit(expires_at=end)
    asked = wish(OrderAmendRequested, "a", seen_version=2, terms=terms)
    life = (placed(terms=begun), rested(2), asked, amended(3, terms, causation_id="a"))
    timeline = (await read(*life, path="/explain")).json()["timeline"]
    assert timeline[-1]["text"] == said


async def test_the_life_of_a_limit_order_is_told(read):
    timeline = (await read(*LIMIT_LIFE, path="/explain")).json()["timeline"]
    assert [step["type"] for step in timeline] == [event.type for event in LIMIT_LIFE]
    for step, said in zip(timeline, SAID, strict=True):
        assert said in step["text"]
    assert timeline[2]["version"] is None
    assert timeline[6]["data"] == {
        "rests": 2,
        "delaySeconds": 2,
        "reason": {"code": "PRICE_NOT_REACHED", "message": "the line is cut", "retryable": True},
    }


async def test_the_life_of_a_sniper_order_is_told(read):
    wanted = sniper(pool_provider="RAYDIUM", min_liquidity=50, expires_at=T0)
    life = (placed(terms=wanted), rested(2), triggered(3, LIQUIDITY), expired(4))
    timeline = (await read(*life, path="/explain")).json()["timeline"]
    pool = "a pool of USDC at RAYDIUM with 50 USD in it"
    assert f"as soon as there is {pool}" in timeline[0]["text"]
    assert timeline[1]["text"] == f"Waits until there is {pool}."
    assert "RAYDIUM has 50000 USD in a pool of USDC" in timeline[2]["text"]
    assert timeline[3]["text"] == "Its time was over after 0 attempt(s)."


async def test_a_wish_is_no_part_of_the_history_and_none_that_lost(read):
    rows = (await read(*LIMIT_LIFE, path="/events")).json()
    wishes = [row for row in rows if row["version"] is None]
    assert [row["type"] for row in wishes] == [
        "OrderAmendRequested",
        "OrderAmendRejected",
        "OrderCancelRequested",
    ]
    assert not any(row["superseded"] for row in wishes)
