"""How large the next batch is."""

from datetime import timedelta

from projections.pace import Pace

AIM = timedelta(milliseconds=500)
SHORT, LONG = AIM / 10, AIM * 2


def milliseconds(number):
    return timedelta(milliseconds=number)


def test_it_begins_with_the_most():
    assert Pace(1000, AIM).size == 1000


def test_a_long_transaction_halves_it_and_short_ones_bring_it_back():
    pace = Pace(1000, AIM)
    pace.took(LONG, 1)
    assert pace.size == 500
    for _ in range(4):
        pace.took(SHORT, 1)
    assert pace.size == 1000


def test_it_never_ends_at_nothing():
    pace = Pace(3, AIM)
    for _ in range(5):
        pace.halve()
    assert pace.size == 1
    pace.took(SHORT, 1)
    assert pace.size == 2


def test_a_batch_waits_in_proportion_to_the_work_of_the_last_one():
    pace = Pace(1000, AIM, rest=milliseconds(2))
    assert pace.rest == milliseconds(2)
    pace.took(milliseconds(2), 500)
    assert pace.rest == milliseconds(6)
    pace.took(milliseconds(1_000), 500)
    assert pace.rest == milliseconds(8)
    pace.took(milliseconds(0.5), 500)
    assert pace.rest == milliseconds(2)


def test_after_few_records_it_waits_little():
    pace = Pace(1000, AIM, rest=milliseconds(2))
    pace.took(milliseconds(4), 10)
    assert pace.rest == milliseconds(6)
    pace.took(milliseconds(10), 1)
    assert pace.rest == milliseconds(2)


def test_a_projector_told_not_to_wait_never_does():
    pace = Pace(1000, AIM)
    pace.took(LONG, 500)
    assert pace.rest == timedelta()
