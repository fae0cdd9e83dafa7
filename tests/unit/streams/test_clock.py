"""Broker time: what it saw last, carried on by the monotonic clock."""

from datetime import timedelta

from streams.clock import BrokerClock
from tests.support.builders import T0, seconds


class Ticks:
    def __init__(self):
        self.passed = 100.0

    def __call__(self):
        return self.passed


def clock_five_minutes_wrong():
    ticks = Ticks()
    return BrokerClock(lambda: T0 + timedelta(minutes=5), ticks), ticks


def test_until_a_record_is_seen_it_shows_the_local_time():
    clock, _ = clock_five_minutes_wrong()
    assert clock() == T0 + timedelta(minutes=5)


def test_the_first_record_sets_it_right_also_backwards():
    clock, _ = clock_five_minutes_wrong()
    clock.saw(seconds(1))
    assert clock() == seconds(1)


def test_it_goes_on_between_records():
    clock, ticks = clock_five_minutes_wrong()
    clock.saw(T0)
    ticks.passed += 2.5
    assert clock() == seconds(2.5)


def test_an_old_record_does_not_set_it_back():
    clock, ticks = clock_five_minutes_wrong()
    clock.saw(seconds(10))
    ticks.passed += 1
    clock.saw(seconds(3))
    assert clock() == seconds(11)


def test_a_newer_record_sets_it_forward():
    clock, ticks = clock_five_minutes_wrong()
    clock.saw(T0)
    ticks.passed += 1
    clock.saw(seconds(30))
    assert clock() == seconds(30)
