"""Limit orders at rest fire on the price, once, and write nothing while just out of reach."""

from decimal import Decimal

from msgspec.structs import replace

from orders.events import OrderAmendRequested, OrderCancelRequested
from orders.fold import replay
from orders.state import Resting
from streams.snapshot import Snapshot
from tests.support.builders import (
    ORDER_ID,
    amended,
    cancelled,
    limit,
    rejected,
    rested,
    seconds,
    triggered,
    wish,
)
from tests.unit.streams.told import LIMIT, hear, tick


def test_an_order_at_rest_fires_when_its_price_is_told(live):
    live.read(LIMIT, rested(2))
    hear(live, 149)
    assert live.seen() is None
    hear(live, 151, 1)
    assert live.seen() == tick(151, 1)
    assert live.lane.settled[-1] == ORDER_ID
    live.read(triggered(3), first=2)
    assert live.seen() is None
    assert live.reactions.started == [("Pending", 3)]


def test_an_order_that_could_fire_at_once_does(live):
    hear(live, 151)
    live.read(LIMIT)
    assert live.seen() == tick(151)
    assert ORDER_ID in live.lane.settled


def test_an_order_fires_at_once_though_the_price_came_while_it_was_on_its_way_to_rest(live):
    live.read(LIMIT)
    hear(live, 151)
    live.read(rested(2), first=1)
    assert live.seen() == tick(151)


def test_nothing_fires_on_the_last_price_of_a_feed_that_fell_silent(live):
    hear(live, 151)
    live.seconds = 6
    live.read(LIMIT, rested(2))
    assert live.seen() is None
    hear(live, 151, 6)
    assert live.seen() == tick(151, 6)


def take_over(deaf, *ticks):
    """Let a partition come, after these ticks, with an order at rest since second 10."""
    order = replay([LIMIT, rested(2, occurred_at=seconds(10))])
    assert isinstance(order, Resting)
    for price, at in ticks:
        deaf.watch.tick(tick(price, at))
    deaf.partition.restore(Snapshot(seconds(20), next_offset=2, open={ORDER_ID: order}))
    deaf.partition.go_live()


def amend(live, terms):
    """Let somebody ask for other terms, and the answer come at second 21."""
    asked = wish(OrderAmendRequested, seen_version=2, terms=terms)
    live.read(asked, amended(3, terms, occurred_at=seconds(21)), first=2)


def test_a_new_owner_does_not_fire_on_what_was_before_the_order_came_to_rest(deaf):
    take_over(deaf, (160, 5), (149, 15))
    hear(deaf, 149, 20)
    assert deaf.seen() is None


def test_a_new_owner_fires_on_a_crossing_of_late(deaf):
    take_over(deaf, (149, 5), (155, 15), (149, 18))
    assert deaf.seen() is None
    hear(deaf, 149, 20)
    assert deaf.seen() == tick(155, 15)
    assert deaf.lane.settled == [ORDER_ID]


def test_a_partition_that_was_deaf_sees_what_it_missed(live):
    live.read(LIMIT, rested(2))
    hear(live, 149, 1)
    live.partition.live = False
    hear(live, 151, 2)
    hear(live, 149, 3)
    assert live.seen() is None
    live.partition.go_live()
    assert live.seen() == tick(151, 2)


def test_an_amended_order_fires_by_its_new_terms(live):
    live.read(LIMIT, rested(2))
    hear(live, 149)
    other = wish(OrderAmendRequested, seen_version=2, terms=limit(148))
    live.read(other, amended(3, limit(148)), first=2)
    assert live.seen() == tick(149)


def test_an_amendment_that_leaves_the_price_alone_forgets_no_crossing(deaf):
    take_over(deaf, (155, 15), (149, 18))
    hear(deaf, 149, 20)
    amend(deaf, replace(LIMIT.terms, slippage=Decimal("0.06")))
    assert deaf.seen() == tick(155, 15)


def test_an_amendment_of_the_price_counts_from_then_on(deaf):
    take_over(deaf, (155, 15), (149, 18))
    hear(deaf, 149, 20)
    amend(deaf, limit(152))
    assert deaf.seen() is None


def test_an_order_whose_wish_is_answered_while_it_fires_still_fires(live):
    live.read(LIMIT, rested(2))
    hear(live, 151)
    live.lane.settled.clear()
    live.read(wish(OrderAmendRequested, seen_version=1, terms=limit(148)), rejected(), first=2)
    assert live.seen() == tick(151)
    assert live.lane.settled == [ORDER_ID, ORDER_ID]


def test_an_order_that_ended_does_not_fire(live):
    live.read(LIMIT, rested(2))
    live.read(wish(OrderCancelRequested), cancelled(3), first=2)
    live.lane.settled.clear()
    hear(live, 200)
    assert live.lane.settled == []
    assert live.partition.resting.seen == {}
