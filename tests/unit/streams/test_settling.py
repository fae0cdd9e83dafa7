"""From an order that has come to rest, or is about to, to its next event, with fake venues."""

from itertools import count

import pytest

from orders.events import (
    OrderCancelled,
    OrderCancelRequested,
    OrderExpired,
    OrderRested,
    OrderTriggered,
)
from orders.fold import replay
from orders.retry import RetryPolicy
from streams.process import OrderProcess
from tests.support.builders import (
    T0,
    TICK,
    limit,
    placed,
    reason,
    rested,
    routed,
    seconds,
    wish,
)

LIMIT = placed(terms=limit())


async def test_a_new_limit_order_comes_to_rest_unless_it_is_to_end(desk):
    assert isinstance(desk.process.settle(replay([LIMIT])), OrderRested)
    wanted = replay([LIMIT, wish(OrderCancelRequested)])
    assert isinstance(desk.process.settle(wanted), OrderCancelled)


async def test_an_order_of_which_nothing_is_asked_is_left_alone(desk):
    assert desk.process.settle(replay([placed(), routed(2)])) is None


@pytest.mark.parametrize(("price", "reached"), [(149, True), (150, True), (151, False)])
async def test_the_venues_tell_whether_they_would_give_an_order_its_price(desk, price, reached):
    order = replay([placed(terms=limit(price)), rested(2)])
    desk.meteora.will_quote(reason("TIMEOUT"))
    assert await desk.process.is_reached(order) is reached


async def test_an_order_is_not_reached_while_no_venue_answers(desk):
    desk.raydium.will_quote(reason("TIMEOUT"))
    desk.meteora.will_quote(reason("TIMEOUT"))
    assert not await desk.process.is_reached(replay([placed(terms=limit(1)), rested(2)]))


async def test_an_order_whose_time_is_over_while_it_is_looked_at_fires_in_time_or_not_at_all():
    moments = count()
    process = OrderProcess({}, RetryPolicy(), lambda: seconds(next(moments)), lambda: "id")
    order = replay([placed(terms=limit(expires_at=seconds(1))), rested(2)])
    fired = process.settle(order, TICK)
    assert (type(fired), fired.occurred_at) == (OrderTriggered, T0)
    assert isinstance(process.settle(order, TICK), OrderExpired)


async def test_what_an_order_saw_makes_it_fire_unless_it_is_to_end(desk):
    fired = desk.process.settle(replay([LIMIT, rested(2)]), TICK)
    assert isinstance(fired, OrderTriggered)
    assert fired.tick == TICK
    at_once = desk.process.settle(replay([LIMIT]), TICK)
    assert isinstance(at_once, OrderTriggered)
    wanted = replay([LIMIT, rested(2), wish(OrderCancelRequested)])
    assert isinstance(desk.process.settle(wanted, TICK), OrderCancelled)
