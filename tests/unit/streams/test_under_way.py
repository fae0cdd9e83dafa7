"""An order has one answer under way: the next is decided when that one was read back."""

import pytest
from msgspec.structs import replace

from orders.commands import AnswerOrder
from orders.decider import decide
from orders.events import OrderAmendRequested, OrderCancelRequested
from orders.retry import RetryPolicy
from tests.support.builders import (
    ORDER_ID,
    T0,
    TICK,
    cancelled,
    limit,
    placed,
    rested,
    retry_scheduled,
    routed,
    stamp,
    wish,
)

CANCEL = wish(OrderCancelRequested)
AMEND = wish(OrderAmendRequested, seen_version=2, terms=limit(151))
OTHER = replace(AMEND, event_id="another wish")
LIMIT = placed(terms=limit())
WAITS = (placed(), routed(2), retry_scheduled(3))


def answering(live, event_id="mine"):
    """Begin the answer to what is asked first, as a turn in the lane does, and return it."""
    order, _ = live.partition.settling(ORDER_ID)
    answer = decide(AnswerOrder(stamp(T0, event_id, "streams")), order, RetryPolicy())
    return answer, live.partition.under_way.appended(answer)


def test_an_order_has_no_other_turn_until_its_answer_is_read_back(live):
    live.read(placed(), routed(2), AMEND)
    answer, under_way = answering(live)
    with under_way:
        live.read(OTHER, first=3)
        assert live.partition.settling(ORDER_ID) is None
    live.lane.settled.clear()
    live.read(answer, first=4)
    assert live.lane.settled == [ORDER_ID]
    order, _ = live.partition.settling(ORDER_ID)
    assert [one.wish_id for one in order.wishes] == ["another wish"]


def test_an_answer_that_another_worker_gave_first_gives_the_order_its_next_turn_too(live):
    live.read(placed(), routed(2), AMEND)
    answer, under_way = answering(live)
    with under_way:
        live.read(OTHER, replace(answer, event_id="another's"), first=3)
        assert live.partition.settling(ORDER_ID) is None
    live.lane.settled.clear()
    live.read(answer, first=5)
    assert live.lane.settled == [ORDER_ID]
    assert live.partition.settling(ORDER_ID)


def test_what_an_order_fires_on_while_its_answer_is_under_way_makes_it_fire_after_it(live):
    live.read(LIMIT, rested(2), replace(AMEND, seen_version=1))
    answer, under_way = answering(live)
    with under_way:
        live.hearing.heard()
        live.watch.tick(TICK)
        assert live.partition.settling(ORDER_ID) is None
    live.lane.settled.clear()
    live.read(answer, first=3)
    assert live.lane.settled == [ORDER_ID]
    _, seen = live.partition.settling(ORDER_ID)
    assert seen == TICK


def test_an_answer_that_could_not_be_appended_is_given_again(live):
    live.read(placed(), routed(2), AMEND)
    _, under_way = answering(live)
    with pytest.raises(ConnectionError), under_way:
        raise ConnectionError
    assert live.partition.settling(ORDER_ID)


def test_an_order_that_ended_has_nothing_under_way(live):
    live.read(*WAITS, CANCEL)
    _, under_way = answering(live)
    with under_way:
        live.read(cancelled(4, attempts=1), first=4)
    assert ORDER_ID not in live.partition.under_way
