"""What is asked of an order is answered, and never starts what is under way a second time."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from orders.events import OrderAmendRequested, OrderCancelRequested
from orders.fold import replay
from orders.state import Resting
from streams.snapshot import Snapshot
from tests.support.builders import (
    ORDER_ID,
    T0,
    amended,
    cancelled,
    executed,
    expired,
    limit,
    placed,
    rejected,
    rested,
    retry_due,
    retry_scheduled,
    routed,
    seconds,
    terms,
    triggered,
    wish,
)

CANCEL = wish(OrderCancelRequested)
AMEND = wish(OrderAmendRequested, seen_version=2, terms=limit(151))
LIMIT = placed(terms=limit())
BRIEF = placed(terms=terms(expires_at=seconds(60)))
WAITS = (placed(), routed(2), retry_scheduled(3))


@pytest.mark.parametrize("history", [(LIMIT,), (LIMIT, rested(2)), (placed(),), WAITS])
def test_a_wish_to_end_pre_empts_whatever_the_order_would_do(live, history):
    live.read(*history)
    started = list(live.reactions.started)
    live.read(CANCEL, first=len(history))
    assert live.reactions.started == started
    assert live.reactions.stopped == [ORDER_ID]
    assert live.lane.settled[-1] == ORDER_ID


def test_a_wish_to_end_waits_for_the_outcome_of_what_was_sent(live):
    live.read(placed(), routed(2), CANCEL)
    assert live.reactions.started == [("Pending", 1), ("Routed", 2)]
    assert live.reactions.stopped == []
    assert live.lane.settled == []


def test_what_was_sent_and_failed_ends_by_the_wish(live):
    live.read(placed(), routed(2), CANCEL, retry_scheduled(3))
    assert live.reactions.started[-1] == ("Routed", 2)
    assert live.lane.settled == [ORDER_ID]
    live.read(cancelled(4, attempts=1), first=4)
    assert live.partition.open_orders == {}


def test_a_wish_for_other_terms_of_what_was_sent_is_answered_beside_it(live):
    live.read(placed(), routed(2), AMEND)
    assert live.reactions.started == [("Pending", 1), ("Routed", 2)]
    assert live.reactions.stopped == []
    assert live.lane.settled == [ORDER_ID]
    live.read(rejected(), first=3)
    assert live.reactions.started == [("Pending", 1), ("Routed", 2)]


def test_a_wish_for_other_terms_of_an_order_being_quoted_lets_it_go_on(live):
    live.read(placed(), AMEND)
    assert live.reactions.started == [("Pending", 1)]
    assert live.reactions.stopped == []
    assert live.lane.settled == [ORDER_ID]


def test_a_new_order_comes_to_rest_and_takes_no_slot(live):
    live.read(LIMIT)
    assert live.lane.settled == [ORDER_ID]
    live.read(rested(2), first=1)
    assert live.reactions.started == []
    assert live.lane.settled == [ORDER_ID]


def test_an_order_that_fires_is_reacted_to_and_gives_its_slot_back_at_rest(live):
    live.read(LIMIT, rested(2), triggered(3))
    assert live.reactions.started == [("Pending", 3)]
    live.read(rested(4, 2, delay=timedelta(seconds=1)), first=3)
    assert live.reactions.released == [ORDER_ID, ORDER_ID]


def test_wishes_nobody_answered_are_answered_by_whoever_takes_over(deaf):
    held = replay([LIMIT, rested(2), AMEND])
    assert isinstance(held, Resting)
    deaf.partition.restore(Snapshot(T0, next_offset=3, open={ORDER_ID: held}))
    deaf.partition.go_live()
    assert deaf.lane.settled == [ORDER_ID]


@pytest.mark.parametrize("answer", [cancelled(2), rejected(), amended(2, limit(151))])
def test_an_answer_that_came_too_late_starts_nothing_again(live, answer):
    live.read(placed(), CANCEL, AMEND, routed(2))
    before = list(live.reactions.started)
    live.read(replace(answer, actor="streams"), first=4)
    assert live.reactions.started == before


def test_an_answer_that_lost_its_race_is_given_again_to_an_order_that_waits(live):
    live.read(*WAITS, CANCEL)
    live.lane.settled.clear()
    live.read(cancelled(3, 1, actor="streams"), first=4)
    assert live.lane.settled == [ORDER_ID]


def test_a_second_rejection_of_a_wish_asks_for_no_further_answer(live):
    other = replace(AMEND, event_id="another wish")
    no = replace(rejected(), actor="streams")
    live.read(LIMIT, rested(2), AMEND, other, no)
    live.lane.settled.clear()
    live.read(no, first=5)
    assert live.lane.settled == []
    assert len(live.partition.open_orders[ORDER_ID].wishes) == 1


def test_the_end_of_a_wait_that_was_cancelled_changes_nothing(live):
    live.read(*WAITS, CANCEL, cancelled(4, attempts=1), retry_due(4, 2))
    assert live.partition.open_orders == {}
    assert live.reactions.started == [("Pending", 1), ("Routed", 2), ("Waiting", 3)]


def test_an_order_whose_wait_ends_before_its_wish_is_answered_is_not_tried_again(live):
    live.read(*WAITS, CANCEL, retry_due(4, 2))
    assert live.reactions.started[-1] == ("Waiting", 3)
    assert live.lane.settled == [ORDER_ID, ORDER_ID]


@pytest.mark.parametrize("history", [(BRIEF,), (BRIEF, routed(2), retry_scheduled(3))])
def test_an_order_ends_when_its_time_is_over(live, history):
    live.read(*history)
    live.seconds = 59.9
    live.partition.end_what_is_over()
    assert live.lane.settled == []
    live.seconds = 60
    live.partition.end_what_is_over()
    live.partition.end_what_is_over()
    assert live.lane.settled == [ORDER_ID]
    assert live.reactions.stopped == [ORDER_ID]


def test_an_order_does_not_end_by_time_while_its_execution_is_unresolved(live):
    live.read(BRIEF, routed(2))
    live.seconds = 61
    live.partition.end_what_is_over()
    assert live.lane.settled == []
    assert live.reactions.stopped == []
    live.read(retry_scheduled(3), first=2)
    assert live.lane.settled == [ORDER_ID]
    assert live.reactions.started[-1] == ("Routed", 2)


def test_a_fill_after_its_time_completes_the_order(live):
    live.read(BRIEF, routed(2))
    live.seconds = 61
    live.partition.end_what_is_over()
    live.read(executed(3), first=2)
    assert live.partition.open_orders == {}
    assert live.lane.settled == []


def test_an_amended_order_ends_by_its_new_time(live):
    later = limit(expires_at=seconds(90))
    other = wish(OrderAmendRequested, seen_version=2, terms=later)
    soon = placed(terms=limit(expires_at=seconds(60)))
    live.read(soon, rested(2), other, amended(3, later))
    live.lane.settled.clear()
    live.seconds = 60
    live.partition.end_what_is_over()
    assert live.lane.settled == []
    live.seconds = 90
    live.partition.end_what_is_over()
    assert live.lane.settled == [ORDER_ID]


def test_an_order_that_expired_while_nobody_had_it_ends_on_taking_over(deaf):
    held = replay([placed(terms=limit(expires_at=seconds(60))), rested(2)])
    assert isinstance(held, Resting)
    deaf.partition.restore(Snapshot(seconds(100), next_offset=2, open={ORDER_ID: held}))
    deaf.partition.go_live()
    assert deaf.lane.settled == [ORDER_ID]
    deaf.read(expired(3), first=2)
    assert deaf.partition.open_orders == {}


def test_an_order_its_client_named_does_not_expire_before_it_is_known_for_the_first(live):
    live.read(placed(client_order_id="mine", terms=terms(expires_at=seconds(60))))
    live.seconds = 60
    live.partition.end_what_is_over()
    assert live.lane.settled == []
    live.partition.confirm(ORDER_ID, placed_offset=0)
    assert live.lane.settled == [ORDER_ID]
    assert live.reactions.started == []
