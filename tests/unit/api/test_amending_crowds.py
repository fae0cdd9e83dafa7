"""Of many amendments that wait on one order at once, so many have room and the others are told."""

import pytest

from orders.commands import AnswerOrder
from orders.decider import decide
from orders.events import OrderAmendRequested
from orders.fold import replay
from orders.retry import RetryPolicy
from orders.wishes import MOST_AMENDS
from tests.support.amendments import amend
from tests.support.builders import limit, stamp, wish


@pytest.fixture
def nobody(resting, monkeypatch):
    """Let no worker answer, and nobody wait for one."""
    monkeypatch.setattr("api.amending.PATIENCE", stamp().at - stamp().at)
    return resting


def crowd(count):
    return [
        wish(OrderAmendRequested, f"wish-{n}", seen_version=2, terms=limit(150))
        for n in range(count)
    ]


async def test_of_an_order_with_as_many_wishes_as_may_wait_no_more_is_asked(nobody):
    nobody.log.write(*crowd(MOST_AMENDS))
    nobody.read_model.project()
    answer = await amend(nobody, {"targetPrice": 149})
    told = answer.json()
    assert (answer.status_code, told["error"]) == (429, "TOO_MANY_AMENDMENTS")
    assert (told["retryable"], answer.headers["Retry-After"]) == (True, "1")
    nobody.log.write(decide(AnswerOrder(stamp()), replay(nobody.log.events), RetryPolicy()))
    nobody.read_model.project()
    assert (await amend(nobody, {"targetPrice": 149}, "3")).status_code == 202


async def test_what_no_read_shows_yet_counts_among_those_that_wait(nobody):
    asked = [{"targetPrice": 149 - n} for n in range(MOST_AMENDS + 2)]
    answers = [(await amend(nobody, one)).status_code for one in asked]
    assert answers == [202] * MOST_AMENDS + [429] * 2
    nobody.read_model.project()
    assert (await amend(nobody, {"targetPrice": 99})).status_code == 429
    for _ in range(MOST_AMENDS):
        nobody.log.write(decide(AnswerOrder(stamp()), replay(nobody.log.events), RetryPolicy()))
    nobody.read_model.project()
    assert (await amend(nobody, {"targetPrice": 99}, "3")).status_code == 202


async def test_what_did_not_reach_the_log_takes_no_room(nobody):
    nobody.log.away = True
    for _ in range(MOST_AMENDS):
        assert (await amend(nobody, {"targetPrice": 149})).status_code == 503
    nobody.log.away = False
    assert (await amend(nobody, {"targetPrice": 149})).status_code == 202


async def test_whoever_came_when_others_had_filled_the_room_is_told(resting):
    resting.log.write(*crowd(MOST_AMENDS))

    def answer_all():
        resting.log.appended = lambda: None
        for _ in range(MOST_AMENDS + 1):
            order = replay(resting.log.events)
            resting.log.write(decide(AnswerOrder(stamp()), order, RetryPolicy()))
        resting.read_model.project()

    resting.log.appended = answer_all
    answer = await amend(resting, {"targetPrice": 149})
    assert (answer.status_code, answer.json()["error"]) == (429, "TOO_MANY_AMENDMENTS")
