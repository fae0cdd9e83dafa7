"""Ended orders are remembered each until its own time."""

from datetime import UTC, datetime

from streams.ended import EndedOrders
from tests.support.builders import T0, seconds

FOR_EVER = datetime.max.replace(tzinfo=UTC)


def test_an_order_is_forgotten_when_its_time_is_over():
    ended = EndedOrders({"early": T0, "late": seconds(2)})
    ended.forget_before(seconds(1))
    assert "early" not in ended
    assert "late" in ended


def test_an_order_is_remembered_at_its_time_itself():
    ended = EndedOrders({"a": T0})
    ended.forget_before(T0)
    assert "a" in ended


def test_one_that_is_remembered_for_ever_holds_up_no_other():
    ended = EndedOrders()
    ended.add("for ever", FOR_EVER)
    for number in range(100):
        ended.add(str(number), seconds(number))
    ended.forget_before(seconds(1000))
    assert len(ended) == 1
    assert "for ever" in ended
