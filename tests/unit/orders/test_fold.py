"""Every legal transition, and what becomes of all others."""

from datetime import timedelta

import pytest

from orders.errors import Code
from orders.events import OrderAmendRequested, OrderCancelRequested
from orders.fold import evolve, replay
from orders.state import UNPLACED, Completed, Failed, Pending, Quarantined, Routed, Waiting
from tests.support.builders import (
    LIQUIDITY,
    amended,
    cancelled,
    executed,
    expired,
    failed,
    fill,
    limit,
    placed,
    rested,
    retry_due,
    retry_scheduled,
    routed,
    seconds,
    sniper,
    triggered,
    wish,
)

CANCEL = wish(OrderCancelRequested)
AMEND = wish(OrderAmendRequested, seen_version=2, terms=limit())
LIMIT, SNIPER = placed(terms=limit()), placed(terms=sniper())
WAITING = (placed(), routed(2), retry_scheduled(3))


def test_a_placement_begins_the_order():
    order = replay([placed(user_id="u")])
    assert isinstance(order, Pending)
    assert (order.version, order.attempts, order.placement.user_id) == (1, 0, "u")


def test_events_of_an_order_never_placed_change_nothing():
    assert replay([routed(2), executed(3)]) is UNPLACED


def test_a_placement_with_a_version_other_than_one_is_none():
    assert replay([placed(version=2)]) is UNPLACED


def test_a_routing_names_the_execution():
    order = replay([placed(), routed(2)])
    assert isinstance(order, Routed)
    assert order.execution.execution_id.endswith(":1")
    assert order.execution.attempt == 1


def test_a_wait_knows_when_it_is_due():
    order = replay(WAITING)
    assert isinstance(order, Waiting)
    assert order.due_at == seconds(2)
    assert order.venue == "RAYDIUM"


@pytest.mark.parametrize(
    ("delay", "year"), [(timedelta.max, 9999), (timedelta.min, 1), (timedelta(days=-1), 2025)]
)
def test_a_wait_of_any_length_is_due_some_time(delay, year):
    order = replay([placed(), routed(2), retry_scheduled(3, delay=delay)])
    assert order.due_at.year == year


def test_an_attempt_without_a_quote_waits_without_a_venue():
    order = replay([placed(), retry_scheduled(2)])
    assert isinstance(order, Waiting)
    assert order.venue is None


def test_after_the_wait_the_next_attempt_may_start_and_the_last_failure_is_known():
    order = replay([*WAITING, retry_due(4, 2)])
    assert isinstance(order, Pending)
    assert order.last_failure is not None
    assert order.last_failure.code == Code.NETWORK


def test_a_fill_completes_the_order():
    order = replay([placed(), routed(2), executed(3)])
    assert isinstance(order, Completed)
    assert order.fill == fill()


@pytest.mark.parametrize("history", [(placed(), failed(2)), (placed(), routed(2), failed(3))])
def test_a_failure_ends_the_order(history):
    assert isinstance(replay(history), Failed)


@pytest.mark.parametrize("late", [placed(), routed(2), retry_scheduled(2)])
def test_the_first_event_with_a_version_wins(late):
    order = replay([placed(), routed(2)])
    assert evolve(order, late) is order


@pytest.mark.parametrize("late", [routed(4), executed(4), failed(9), placed()])
def test_the_end_is_the_end(late):
    order = replay([placed(), routed(2), executed(3)])
    assert evolve(order, late) is order


@pytest.mark.parametrize(
    ("history", "impossible"),
    [
        ((placed(),), executed(2)),
        ((placed(),), retry_due(2, 1)),
        ((placed(),), placed(version=2)),
        ((placed(),), routed(2, attempt=2)),
        ((placed(),), routed(2, execution=2)),
        ((placed(),), retry_scheduled(2, attempt=2)),
        ((placed(),), failed(2, attempts=3)),
        ((placed(), routed(2)), routed(3)),
        ((placed(), routed(2)), executed(3, attempt=2)),
        ((placed(), routed(2)), executed(3, venue="METEORA")),
        ((placed(), routed(2)), retry_scheduled(3, attempt=2)),
        ((placed(), routed(2)), failed(3, attempts=2)),
        (WAITING, routed(4)),
        (WAITING, executed(4)),
        (WAITING, failed(4)),
        (WAITING, retry_due(4, 3)),
        (WAITING, rested(4)),
        ((placed(),), cancelled(2)),
        ((placed(), CANCEL), cancelled(2, 1)),
        ((placed(),), expired(2)),
        ((placed(),), rested(2)),
        ((placed(),), triggered(2)),
        ((LIMIT,), rested(2, 2)),
        ((LIMIT,), routed(2)),
        ((LIMIT, AMEND), amended(2, limit())),
        ((LIMIT,), triggered(2, LIQUIDITY)),
        ((SNIPER,), triggered(2)),
        ((SNIPER, triggered(2, LIQUIDITY)), rested(3)),
        ((LIMIT, rested(2)), rested(3, 2)),
        ((LIMIT, rested(2), AMEND), amended(3, limit(token_out="USDT"))),
        ((LIMIT, rested(2), triggered(3)), rested(4, 1)),
    ],
)
def test_an_impossible_event_quarantines_the_order(history, impossible):
    order = replay([*history, impossible])
    assert isinstance(order, Quarantined)
    assert order.version == impossible.version
    assert impossible.type in order.why


def test_an_amendment_that_nobody_asks_for_any_more_changes_nothing():
    order = replay([LIMIT, rested(2)])
    assert evolve(order, amended(3, limit())) is order


def test_a_gap_quarantines_the_order_at_the_version_it_had():
    order = replay([placed(), routed(2), executed(4)])
    assert isinstance(order, Quarantined)
    assert order.version == 2
    assert "version 3 never did" in order.why


def test_a_quarantined_order_holds_what_may_have_been_sent():
    order = replay([placed(), routed(2), executed(4)])
    assert isinstance(order, Quarantined)
    assert order.held == replay([placed(), routed(2)])


@pytest.mark.parametrize(
    ("outcome", "end"), [(executed(4), Completed), (failed(4, code="QUARANTINED"), Failed)]
)
def test_the_outcome_of_what_was_sent_ends_a_quarantined_order(outcome, end):
    order = replay([placed(), routed(2), routed(3), outcome])
    assert isinstance(order, end)
    assert order.venue == "RAYDIUM"


@pytest.mark.parametrize("other", [routed(4), executed(4, attempt=2), failed(4, attempts=3)])
def test_nothing_else_moves_a_quarantined_order(other):
    before = replay([placed(), routed(2), routed(3)])
    after = evolve(before, other)
    assert isinstance(after, Quarantined)
    assert (after.version, after.why) == (4, before.why)


def test_an_event_that_does_not_follow_leaves_a_quarantined_order_as_it_was():
    before = replay([placed(), routed(2), routed(3)])
    assert evolve(before, executed(9)) is before
    assert evolve(before, executed(3)) is before


def test_an_order_quarantined_with_nothing_sent_stays_so():
    order = replay([placed(), executed(2), executed(3), failed(4)])
    assert isinstance(order, Quarantined)
    assert order.held is None
