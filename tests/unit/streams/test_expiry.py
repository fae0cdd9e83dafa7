"""Which orders' time is over, each told once."""

from orders.fold import replay
from streams.expiry import Expiries
from tests.support.builders import placed, seconds, terms


def order(name, at):
    return replay([placed(order_id=f"{name:08}-0000-4000-8000-000000000000", terms=brief(at))])


def brief(at):
    return terms(expires_at=seconds(at))


def by_id(*orders):
    return {one.placement.order_id: one for one in orders}


def test_those_whose_time_is_over_are_told_once_and_soonest_first():
    late, soon, later = order(1, 20), order(2, 10), order(3, 30)
    held = by_id(late, soon, later)
    expiries = Expiries(held.values())
    assert expiries.due(seconds(9), held) == []
    assert expiries.due(seconds(20), held) == [soon, late]
    assert expiries.due(seconds(20), held) == []


def test_those_that_ended_are_passed_over_and_in_time_forgotten():
    orders = [order(number, 1_000) for number in range(1_100)]
    expiries = Expiries(orders)
    left = by_id(orders[0])
    assert expiries.due(seconds(0), left) == []
    assert len(expiries) == 1
    assert expiries.due(seconds(1_000), left) == [orders[0]]
