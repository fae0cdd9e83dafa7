"""Limit orders that fired and fell short: on which price they fire, on which they are asked for."""

from decimal import Decimal

import pytest

from orders.events import OrderCancelRequested
from orders.fold import replay
from orders.retry import rest_delay
from orders.state import Resting
from streams.snapshot import Snapshot
from tests.support.builders import (
    ORDER_ID,
    T0,
    cancelled,
    limit,
    placed,
    rested,
    triggered,
    wish,
)
from tests.unit.streams.told import LIMIT, SHORT, fell_short, hear, tick


def test_an_order_that_fell_short_asks_the_venues_before_it_fires_again(live):
    hear(live, 150)
    fell_short(live)
    hear(live, 150, 1)
    assert live.probes.settled == []
    hear(live, "150.1", 2)
    assert live.probes.settled == [ORDER_ID]
    assert live.lane.settled == []
    live.partition.answered(live.partition.open_orders[ORDER_ID], reached=True)
    assert live.seen() == tick("150.1", 2)
    assert live.lane.settled == [ORDER_ID]


def test_an_order_that_the_venues_reach_fires_on_the_tick_that_it_was_asked_for(live):
    hear(live, 150)
    fell_short(live)
    hear(live, "150.2", 1)
    hear(live, 149, 2)
    live.partition.answered(live.partition.open_orders[ORDER_ID], reached=True)
    assert live.seen() == tick("150.2", 1)


def test_an_order_that_was_asked_for_in_vain_is_asked_for_on_a_better_tick_than_that(live):
    hear(live, 150)
    fell_short(live)
    hear(live, "150.2", 0.2)
    hear(live, 149, 0.4)
    live.partition.answered(live.partition.open_orders[ORDER_ID], reached=False)
    live.probes.settled.clear()
    hear(live, "150.2", 0.6)
    assert live.probes.settled == []
    hear(live, "150.3", 0.8)
    assert live.probes.settled == [ORDER_ID]


def test_an_order_just_out_of_reach_is_asked_for_ever_more_seldom(live):
    hear(live, 150)
    fell_short(live)
    asked_at = []
    for second in range(1, 200):
        live.seconds = second
        hear(live, 150, second)
        live.partition.end_what_is_over()
        if live.probes.settled:
            asked_at.append(second)
            live.probes.settled.clear()
            live.partition.answered(live.partition.open_orders[ORDER_ID], reached=False)
    assert asked_at == [1, 3, 7, 15, 31, 63, 123, 183]
    assert live.lane.settled == []


def test_an_order_below_its_price_is_not_asked_for_when_its_pause_is_over(live):
    hear(live, 150)
    fell_short(live)
    hear(live, 140, 1)
    live.seconds = 2
    live.partition.end_what_is_over()
    assert live.probes.settled == []
    hear(live, 150, 2)
    assert live.probes.settled == [ORDER_ID]


def test_an_answer_for_an_order_that_moved_on_changes_nothing(live):
    hear(live, 150)
    fell_short(live)
    asked = live.partition.open_orders[ORDER_ID]
    live.read(wish(OrderCancelRequested), cancelled(5), first=4)
    live.partition.answered(asked, reached=True)
    assert live.partition.resting.seen == {}


def test_an_order_that_fell_short_fires_on_a_much_better_price_without_being_asked_for(live):
    hear(live, 150)
    fell_short(live)
    hear(live, "150.375", 0.2)
    assert live.seen() == tick("150.375", 0.2)
    assert live.lane.settled == [ORDER_ID]
    assert live.probes.settled == []


def test_an_order_that_waits_for_its_answer_fires_on_a_much_better_price(live):
    hear(live, 150)
    fell_short(live)
    asked = live.partition.open_orders[ORDER_ID]
    hear(live, "150.1", 0.2)
    hear(live, "150.374", 0.4)
    assert live.probes.settled == [ORDER_ID]
    hear(live, "150.375", 0.6)
    assert live.seen() == tick("150.375", 0.6)
    assert not live.partition.resting.is_asked_for(ORDER_ID)
    live.partition.answered(asked, reached=False)
    assert live.seen() == tick("150.375", 0.6)
    assert live.lane.settled == [ORDER_ID]


def test_one_that_falls_short_again_needs_a_price_as_much_better_as_its_pause_is_long(live):
    hear(live, 150)
    fell_short(live, fired_at=160, delay=8)
    hear(live, "163.19", 0.2)
    assert live.seen() is None
    hear(live, "163.2", 0.4)
    assert live.seen() == tick("163.2", 0.4)


def test_an_order_that_buys_fires_when_the_pair_has_fallen_far_enough(live):
    hear(live, 160)
    buy = placed(terms=limit("0.006", token_in="USDC", token_out="SOL"))
    live.read(buy, rested(2), triggered(3, tick(160)), rested(4, 2, **SHORT))
    hear(live, "159.61", 0.2)
    assert live.probes.settled == [ORDER_ID]
    assert live.seen() is None
    hear(live, "159.6", 0.4)
    assert live.seen() == tick("159.6", 0.4)


def test_who_takes_it_over_knows_on_which_price_it_fires(deaf):
    order = replay([LIMIT, rested(2), triggered(3, tick(150)), rested(4, 2, **SHORT)])
    assert isinstance(order, Resting)
    deaf.partition.restore(Snapshot(T0, next_offset=4, open={ORDER_ID: order}))
    deaf.partition.go_live()
    hear(deaf, "150.37", 0.2)
    assert deaf.seen() is None
    assert deaf.probes.settled == [ORDER_ID]
    hear(deaf, "150.375", 0.4)
    assert deaf.seen() == tick("150.375", 0.4)


def test_what_becomes_of_its_impact_puts_no_order_before_the_venues_twice(live):
    hear(live, 150)
    fell_short(live)
    hear(live, "150.1", 0.2)
    for _ in range(3):
        live.partition.end_what_is_over()
    hear(live, "150.2", 0.4)
    assert live.probes.settled == [ORDER_ID]


@pytest.mark.parametrize(("step", "fires_at"), [("1.001", []), ("1.01", [151, 153, 154])])
def test_an_order_that_no_venue_ever_reaches_fires_ever_more_seldom(live, step, fires_at):
    hear(live, 150)
    fell_short(live)
    price, found = Decimal(150), []
    while price < 300:
        price *= Decimal(step)
        hear(live, price, 0.2)
        if seen := live.seen():
            found.append(int(price))
            short = {**SHORT, "delay": rest_delay(len(found) + 1)}
            version = 2 * len(found) + 3
            again = triggered(version, seen), rested(version + 1, len(found) + 2, **short)
            live.read(*again, first=version - 1)
        elif live.probes.settled:
            live.probes.settled.clear()
            live.partition.answered(live.partition.open_orders[ORDER_ID], reached=False)
    assert found == fires_at
