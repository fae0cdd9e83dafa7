"""How long a fault was felt, from moments and spans."""

from bench.chaos.recovery import latest_retry, longest_silence, longest_wait
from tests.support.builders import seconds


def moments(*at):
    return [seconds(one) for one in at]


def spans(*pairs):
    return [(seconds(begin), seconds(end)) for begin, end in pairs]


def test_a_silence_counts_from_the_fault_to_the_next_sign_of_life():
    assert longest_silence(moments(0, 1, 2, 9, 10), seconds(4)) == 5


def test_a_silence_that_begins_a_little_after_the_fault_counts_whole():
    assert longest_silence(moments(0, 4, 5, 12, 13), seconds(3)) == 7


def test_a_silence_long_after_the_fault_is_another_ones():
    assert longest_silence(moments(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 30), seconds(1)) <= 1


def test_what_is_owed_at_the_fault_counts_from_the_fault():
    assert longest_wait(spans((0, 1), (2, 12), (3, 5)), seconds(4)) == 8


def test_what_begins_soon_after_the_fault_counts_whole():
    assert longest_wait(spans((6, 9)), seconds(4)) == 3


def test_what_had_ended_or_came_much_later_does_not_count():
    assert longest_wait(spans((0, 3), (20, 40)), seconds(4)) == 0


def test_a_retry_is_late_from_when_it_was_due_or_from_the_fault():
    assert latest_retry(spans((3, 3.5), (4, 9), (6, 8)), seconds(5)) == 4
    assert latest_retry(spans((3, 3.5)), seconds(5)) == 0
