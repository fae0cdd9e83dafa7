"""The audit's own rules, one by one: retries, live reasons, quarantine, wishes."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from audit.chapter import Chapter
from audit.findings import Figures, Findings
from audit.judgement import Liveness
from audit.log import Record
from audit.retries import flaw_of
from audit.turns import Moment, Turns
from orders.events import OrderAmendRejected, OrderAmendRequested, OrderCancelRequested
from orders.topics import partition_of
from orders.wire import encode
from tests.support.audited import story
from tests.support.builders import (
    ORDER_ID,
    T0,
    cancelled,
    executed,
    failed,
    limit,
    placed,
    reason,
    rested,
    retry_due,
    retry_scheduled,
    routed,
    seconds,
    terms,
    wish,
)

LATER = Moment(seconds(100), timedelta(seconds=60))
CANCEL = wish(OrderCancelRequested)
CROWD = [wish(OrderAmendRequested, f"wish-{n}", seen_version=2, terms=limit(150)) for n in range(9)]


def no(wish_id, code):
    return wish(OrderAmendRejected, f"no {wish_id}", causation_id=wish_id, reason=reason(code))


def judged(told, moment=LATER, *begun, alarmed=False, known=()):
    """Return the broken invariants and the open reasons of one story.

    `begun` are the attempts of others: since when each had waited, when it began, whether first.
    """
    findings, figures, turns = Findings(), Figures(), Turns(moment)
    for came, began, first in begun:
        turns.began(seconds(came), seconds(began), first=first)
    Liveness(moment, frozenset(known), findings, figures).judge(told, alarmed=alarmed, turns=turns)
    return {one.name for one in findings.invariants if one.broken}, dict(figures.open)


@pytest.mark.parametrize(
    ("event", "waited", "told"),
    [
        (retry_due(4, 2), 2, None),
        (retry_due(4, 2), 1.999, "began attempt 2 after 0:00:01.999000, not 0:00:02"),
        (retry_due(6, 3), 3.999, "began attempt 3 after 0:00:03.999000, not 0:00:04"),
        (retry_due(8, 4), 8, None),
        (retry_due(8, 4), 7.9, "began attempt 4 after 0:00:07.900000, not 0:00:08"),
        (retry_scheduled(3, 1), 0, None),
        (retry_scheduled(9, 4), 0, "was to be tried again after attempt 4"),
        (retry_scheduled(3, 2, delay=timedelta(seconds=2)), 0, "was to be tried again 0:00:02"),
        (retry_scheduled(3, reason=reason("NO_LIQUIDITY")), 0, "was to be tried again after NO"),
        (routed(2), 0, None),
    ],
)
def test_a_retry_waits_its_rung(event, waited, told):
    found = flaw_of(event, timedelta(seconds=waited))
    assert (found or "").startswith(told or "")
    assert bool(found) == bool(told)


def test_a_retry_waits_what_was_scheduled_when_that_is_longer():
    assert flaw_of(retry_due(4, 2), timedelta(seconds=5), scheduled=timedelta(seconds=6))


@pytest.mark.parametrize(
    ("events", "at", "told"),
    [
        ((), 40, (set(), {"in flight": 1})),
        ((), 39, ({"I3"}, {"in flight": 1})),
        ((routed(2),), 40, (set(), {"in flight": 1})),
        ((routed(2),), 39, ({"I3"}, {"in flight": 1})),
        ((retry_scheduled(2),), 38, (set(), {"waiting": 1})),
        ((retry_scheduled(2),), 37, ({"I3"}, {"waiting": 1})),
        ((routed(2), executed(3)), 0, (set(), {})),
        ((routed(2), failed(3)), 0, (set(), {})),
    ],
)
def test_an_open_order_has_a_live_reason_for_so_long(events, at, told):
    assert judged(story(*events, at=seconds(at))) == told


@pytest.mark.parametrize("delay", [timedelta.max, timedelta.min])
def test_a_delay_beyond_all_time_is_waited_for_or_over(delay):
    told = story(retry_scheduled(2, delay=delay), at=seconds(90))
    broken = {"I3"} if delay < timedelta() else set()
    assert judged(told) == (broken, {"waiting": 1})
    assert flaw_of(retry_due(3, 2), timedelta(seconds=9), delay) is None or delay > timedelta()


PARKED, LOST = (set(), {"parked": 1}), ({"I3"}, {"in flight": 1})


@pytest.mark.parametrize(
    ("begun", "told"),
    [
        ([], LOST),
        ([(5, 39, True)], LOST),
        ([(5, 90, True)], PARKED),
        ([(5, 39, True), (6, 90, True)], PARKED),
        ([(11, 40, True), (12, 90, True)], PARKED),
        ([(11, 39, True), (12, 90, True)], LOST),
        ([(12, 90, True), (11, 39, True), (5, 39, True)], LOST),
        ([(10, 39, True), (12, 90, True)], PARKED),
        ([(11, 39, False), (12, 90, True)], PARKED),
    ],
)
def test_a_placed_order_is_parked_while_others_are_begun_and_none_out_of_turn(begun, told):
    assert judged(story(at=seconds(10)), LATER, *begun) == told
    assert judged(story(routed(2), at=seconds(10)), LATER, *begun) == LOST


def test_a_retry_waits_its_turn_from_when_it_is_due():
    due = story(retry_scheduled(2), retry_due(3, 2), at=seconds(10))
    assert judged(due, LATER, (9, 39, True), (12, 90, True)) == PARKED
    assert judged(due, LATER, (11, 39, True), (12, 90, True)) == LOST


def test_a_quarantined_order_needs_its_alarm():
    told = story(executed(9))
    assert judged(told, alarmed=True) == (set(), {"quarantined": 1})
    assert judged(told) == ({"I3", "I5"}, {"quarantined": 1})
    young = Moment(seconds(10), timedelta(seconds=60))
    assert judged(told, young) == (set(), {"quarantined": 1})


@pytest.mark.parametrize("actor", ["api", "streams", "delays"])
@pytest.mark.parametrize("impossible", [executed(9), executed(2)], ids=["a gap", "no transition"])
def test_an_impossible_event_of_the_engines_own_breaks_i5_alone(impossible, actor):
    told = story(replace(impossible, actor=actor))
    assert judged(told, alarmed=True) == ({"I5"}, {"quarantined": 1})
    assert judged(told, alarmed=True, known=[ORDER_ID]) == (set(), {"quarantined": 1})


def test_an_impossible_event_of_the_engines_own_counts_although_its_order_ended_since():
    told = story(routed(2), executed(9, actor="streams"), executed(3))
    assert judged(told) == ({"I5"}, {})


def test_a_quarantined_order_does_not_hold_an_execution_for_ever():
    assert judged(story(routed(2), failed(9)), alarmed=True) == ({"I3"}, {"quarantined": 1})


def test_only_few_examples_are_kept_and_all_are_counted():
    findings = Findings()
    for number in range(100):
        findings.broken("I1", f"order {number}")
    invariant = findings.invariants[0]
    assert (invariant.broken, len(invariant.examples), invariant.holds) == (100, 10, False)


@pytest.mark.parametrize(
    ("events", "at", "told"),
    [
        ((), 39, ({"I3"}, {"in flight": 1})),
        ((rested(2),), 0, (set(), {"resting": 1})),
        ((rested(2), CANCEL), 40, (set(), {"resting": 1})),
        ((rested(2), CANCEL), 39, ({"I3"}, {"resting": 1})),
        ((rested(2), CANCEL, cancelled(3)), 0, (set(), {})),
    ],
)
def test_an_order_may_rest_for_ever_and_its_wishes_may_not(events, at, told):
    assert judged(story(*events, wanted=limit(), at=seconds(at))) == told


@pytest.mark.parametrize(("ends", "broken"), [(40, set()), (39, {"I3"})])
def test_an_order_does_not_rest_beyond_its_time(ends, broken):
    told = story(rested(2), wanted=limit(expires_at=seconds(ends)))
    assert judged(told) == (broken, {"resting": 1})


def test_a_wish_waits_for_the_outcome_of_what_was_sent():
    told = story(CANCEL)
    assert not told.hear(routed(2), seconds(50))
    assert judged(told) == (set(), {"in flight": 1})


@pytest.mark.parametrize(("once", "broken"), [("IOC", {"I8"}), ("GTC", set())])
def test_an_order_of_one_attempt_is_not_tried_again(once, broken):
    life = (placed(terms=terms(time_in_force=once)), routed(2), retry_scheduled(3))
    assert broken_by(*life) == broken


def test_a_wish_that_found_no_room_waits_for_its_refusal_no_longer_than_others():
    rejections = [no(f"wish-{n}", "VERSION_CHANGED") for n in range(8)]
    told = story(rested(2), *CROWD, *rejections, wanted=limit(), at=seconds(39))
    assert judged(told) == ({"I3"}, {"resting": 1})
    assert not told.hear(no("wish-8", "TOO_MANY_WISHES"), seconds(90))
    assert judged(told) == (set(), {"resting": 1})


@pytest.mark.parametrize("actor", ["streams", "somebody"])
@pytest.mark.parametrize(
    ("number", "code", "wrong"),
    [
        (0, "VERSION_CHANGED", False),
        (8, "TOO_MANY_WISHES", False),
        (0, "TOO_MANY_WISHES", True),
        (8, "VERSION_CHANGED", True),
        (99, "TOO_MANY_WISHES", False),
    ],
)
def test_for_lack_of_room_is_refused_what_found_none_and_nothing_else(number, code, wrong, actor):
    answer = replace(no(f"wish-{number}", code), actor=actor)
    broken = broken_by(placed(terms=limit()), rested(2), *CROWD, answer)
    assert broken == ({"I5"} if wrong and actor == "streams" else set())


def broken_by(*life):
    findings = Findings()
    chapter = Chapter((partition_of(ORDER_ID, 1), 1), LATER, findings, Figures())
    chapter.tell([Record(0, n, ORDER_ID.encode(), encode(one), T0) for n, one in enumerate(life)])
    return {one.name for one in findings.invariants if one.broken}
