"""Which dead letters may go into the log again, and what that would do."""

import json
import re

import pytest

from local.letters import Letter, Original
from local.redrive import Verdict, foresee, plan
from orders.fold import replay
from orders.wire import encode
from tests.support.builders import (
    ORDER_ID,
    T0,
    executed,
    failed,
    placed,
    retry_scheduled,
    routed,
    seconds,
)

PARTITIONS = 4
IN_TIME = seconds(5)


def found(*values):
    letters = (
        Letter("orders.events", 1, offset, T0, "WRONG_KEY", "no", 1, cut=False)
        for offset in range(len(values))
    )
    originals = (Original(T0, b"k", value, ()) for value in values)
    return list(zip(letters, originals, strict=True))


def planned(*values, now=IN_TIME):
    return plan(found(*values), PARTITIONS, now)


def foreseen(history, *events):
    order = replay(history)
    known = {ORDER_ID: order} if history else {}
    return foresee(planned(*map(encode, events)), known)


def test_an_event_that_would_be_admitted_is_redriven():
    [step] = planned(encode(placed()))
    assert step.verdict is Verdict.REDRIVEN
    assert step.event == placed()


def test_an_event_of_an_older_engine_is_redriven_as_it_stands():
    document = {**json.loads(encode(placed())), "schema_version": 1}
    del document["client_order_id"]
    value = json.dumps(document).encode()
    [step] = planned(value)
    assert (step.verdict, step.value) == (Verdict.REDRIVEN, value)


@pytest.mark.parametrize("value", [None, b"", b"poison", b'{"schema_version": 99}'])
def test_what_is_no_event_is_refused(value):
    [step] = planned(value)
    assert step.verdict is Verdict.REFUSED
    assert "no event" in step.why


def test_a_placement_that_would_come_too_late_is_refused():
    [step] = planned(encode(placed()), now=seconds(11))
    assert step.verdict is Verdict.REFUSED
    assert "void for ever" in step.why
    assert "place a new order" in step.why


def test_what_came_before_in_the_life_of_an_order_goes_first():
    steps = planned(encode(executed(3)), encode(routed(2)), b"poison", encode(placed()))
    assert [step.event and step.event.version for step in steps] == [None, 1, 2, 3]


def test_a_whole_life_is_foreseen_step_by_step():
    steps = foreseen([], executed(3), routed(2), placed())
    assert {step.verdict for step in steps} == {Verdict.REDRIVEN}


@pytest.mark.parametrize(
    ("history", "event", "verdict", "why"),
    [
        ([], routed(2), Verdict.REFUSED, "never placed"),
        ([placed()], placed(), Verdict.UNCHANGED, "version 1 of its order stands"),
        ([placed(), routed(2)], routed(2), Verdict.UNCHANGED, "version 2 of its order"),
        ([placed()], executed(3), Verdict.REFUSED, "quarantine its order: .*version 2 never"),
        ([placed(), routed(2), executed(3)], failed(4), Verdict.UNCHANGED, "has ended"),
        ([placed(), routed(2), routed(3)], executed(4), Verdict.REDRIVEN, ""),
    ],
)
def test_what_an_event_would_do_is_foreseen(history, event, verdict, why):
    [step] = foreseen(history, event)
    assert step.verdict is verdict
    assert re.search(why, step.why)


def test_an_order_that_ended_is_left_alone():
    [step] = foresee(planned(encode(retry_scheduled(3))), {ORDER_ID: None})
    assert step.verdict is Verdict.UNCHANGED


def test_what_is_refused_anyway_is_not_looked_at_again():
    [step] = foresee(planned(b"poison"), {})
    assert "no event" in step.why
