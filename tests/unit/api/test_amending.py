"""Other terms for an order that rests, as the worker answers them."""

import asyncio
from datetime import UTC, datetime

import pytest

from orders.commands import AnswerOrder
from orders.decider import decide
from orders.events import OrderAmendRequested, OrderCancelRequested
from orders.fold import replay
from orders.retry import RetryPolicy
from tests.support.amendments import amend
from tests.support.builders import (
    T0,
    executed,
    expired,
    limit,
    placed,
    rested,
    routed,
    sniper,
    stamp,
    triggered,
    wish,
)


@pytest.fixture
def worker(resting):
    """Let a worker answer whatever is asked, after what happens before."""
    before = []

    def answer():
        if not isinstance(resting.log.events[-1], OrderAmendRequested):
            return
        resting.log.write(*before)
        event = decide(AnswerOrder(stamp()), replay(resting.log.events), RetryPolicy())
        if event is not None:
            resting.log.write(event)
        resting.read_model.project()

    resting.log.appended = answer
    return before


@pytest.mark.parametrize("seen", ["2", '"2"', 'W/"2"', "2 \t"])
async def test_it_has_the_new_terms_when_that_is_answered(resting, worker, seen):
    answer = await amend(resting, {"targetPrice": 150.5, "slippage": 0.02}, seen)
    told = answer.json()
    assert answer.status_code == 200, answer.text
    assert (told["targetPrice"], told["slippage"], told["version"]) == (150.5, 0.02, 3)
    assert told["status"] == "open"
    assert answer.headers["X-Log-Position"]
    [asked] = [e for e in resting.log.events if isinstance(e, OrderAmendRequested)]
    assert asked.seen_version == 2
    assert asked.terms.amount == 10


async def test_amount_and_end_are_amended_and_an_end_is_taken_away(resting, worker):
    answer = await amend(resting, {"amount": 3, "expiresAt": "2026-01-01T01:00:00+01:00"})
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_EXPIRES_AT")
    answer = await amend(resting, {"amount": 3, "expiresAt": "2026-01-01T02:00:00+01:00"})
    assert answer.json()["expiresAt"] == "2026-01-01T01:00:00.000000Z"
    answer = await amend(resting, {"expiresAt": None}, "3")
    told = answer.json()
    assert (answer.status_code, told["expiresAt"], told["amount"]) == (200, None, 3)
    terms = replay(resting.log.events).placement.terms
    assert terms.expires_at is None
    assert datetime(2026, 1, 1, 1, tzinfo=UTC) in {
        event.terms.expires_at for event in resting.log.events if event.type == "OrderAmended"
    }


async def test_what_changes_nothing_is_not_asked(resting, worker):
    answer = await amend(resting, {"targetPrice": 151.2})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert len(resting.log.events) == 2


async def test_what_changes_nothing_of_a_version_there_is_not_is_refused(resting, worker):
    answer = await amend(resting, {"targetPrice": 151.2}, "9")
    assert (answer.status_code, answer.json()["error"]) == (412, "VERSION_MISMATCH")


@pytest.mark.parametrize(
    ("more", "seen", "status", "error"),
    [
        ((), "1", 412, "VERSION_MISMATCH"),
        ((triggered(3),), "3", 409, "ORDER_NOT_RESTING"),
        ((triggered(3),), "2", 412, "VERSION_MISMATCH"),
        ((triggered(3), routed(4), executed(5)), "5", 409, "ORDER_FINAL"),
    ],
)
async def test_what_is_known_to_be_too_late_is_told_at_once(resting, more, seen, status, error):
    resting.log.write(*more)
    resting.read_model.project()
    answer = await amend(resting, {"targetPrice": 150}, seen)
    told = answer.json()
    assert (answer.status_code, told["error"]) == (status, error)
    assert told["version"] == 2 + len(more)
    assert len(resting.log.events) == 2 + len(more)


@pytest.mark.parametrize("document", [{"slippage": 0.02}, {"targetPrice": 150}])
async def test_an_order_that_has_ended_is_told_so_whatever_is_asked(api, document):
    over = limit(expires_at=T0)
    api.log.write(placed(terms=over, user_id="ann"), rested(2), expired(3))
    api.read_model.project()
    answer = await amend(api, document, "3")
    assert (answer.status_code, answer.json()["error"]) == (409, "ORDER_FINAL")


@pytest.mark.parametrize(
    ("meanwhile", "status", "error"),
    [
        ((triggered(3),), 409, "ORDER_NOT_RESTING"),
        ((triggered(3), rested(4, 2)), 412, "VERSION_MISMATCH"),
        ((wish(OrderCancelRequested),), 409, "ORDER_FINAL"),
        ((triggered(3), routed(4), executed(5)), 409, "ORDER_FINAL"),
    ],
)
async def test_whoever_was_faster_is_told(resting, worker, meanwhile, status, error):
    worker.extend(meanwhile)
    answer = await amend(resting, {"targetPrice": 150})
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_without_an_answer_it_is_accepted_and_not_done(resting, monkeypatch):
    monkeypatch.setattr("api.amending.PATIENCE", stamp().at - stamp().at)
    resting.log.appended = resting.read_model.project
    answer = await amend(resting, {"targetPrice": 150})
    told = answer.json()
    assert (answer.status_code, told["targetPrice"], told["version"]) == (202, 151.2, 2)
    assert answer.headers["X-Log-Position"]


@pytest.mark.parametrize(
    ("document", "seen", "status", "error"),
    [
        ({"targetPrice": 150}, None, 428, "MISSING_IF_MATCH"),
        ({"targetPrice": 150}, "*", 400, "INVALID_IF_MATCH"),
        ({"targetPrice": 150}, "0", 400, "INVALID_IF_MATCH"),
        ({"targetPrice": 150}, '"2', 400, "INVALID_IF_MATCH"),
        ({"targetPrice": 150}, "W/2", 400, "INVALID_IF_MATCH"),
        ({}, "2", 400, "INVALID_AMENDMENT"),
        ({"tokenOut": "USDT"}, "2", 400, "INVALID_AMENDMENT"),
        ({"targetPrice": 0}, "2", 400, "INVALID_TARGET_PRICE"),
        ({"targetPrice": None}, "2", 400, "INVALID_TARGET_PRICE"),
        ({"slippage": 2}, "2", 400, "INVALID_SLIPPAGE_RANGE"),
        ({"amount": 0.0000000001}, "2", 400, "INVALID_AMOUNT"),
        ({"expiresAt": "soon"}, "2", 400, "INVALID_EXPIRES_AT"),
    ],
)
async def test_what_cannot_be_asked_is_refused(resting, document, seen, status, error):
    answer = await amend(resting, document, seen)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert len(resting.log.events) == 2


@pytest.mark.parametrize("field", ["targetPrice", "slippage", "amount"])
async def test_what_an_order_always_has_is_not_taken_away(resting, field):
    answer = await amend(resting, {field: None})
    assert (answer.status_code, answer.json().get("field")) == (400, field)


async def test_a_sniper_order_has_no_price_to_amend(api):
    api.log.write(placed(terms=sniper()), rested(2))
    api.read_model.project()
    answer = await amend(api, {"targetPrice": 1})
    assert (answer.status_code, answer.json()["error"]) == (400, "MISPLACED_CONDITION")


async def test_an_order_that_is_not_there_cannot_be_amended(api):
    answer = await amend(api, {"targetPrice": 1})
    assert (answer.status_code, answer.json()["error"]) == (404, "ORDER_NOT_FOUND")


async def test_of_two_who_saw_the_same_one_gets_it(resting, worker):
    prices = (150, 149)
    answers = await asyncio.gather(*(amend(resting, {"targetPrice": one}) for one in prices))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
