"""How large the next batch is."""

from datetime import timedelta

from projections.pace import Pace

AIM = timedelta(milliseconds=500)
SHORT, LONG = AIM / 10, AIM * 2


def test_it_begins_with_the_most():
    assert Pace(1000, AIM).size == 1000


def test_a_long_transaction_halves_it_and_short_ones_bring_it_back():
    pace = Pace(1000, AIM)
    pace.took(LONG)
    assert pace.size == 500
    for _ in range(4):
        pace.took(SHORT)
    assert pace.size == 1000


def test_it_never_ends_at_nothing():
    pace = Pace(3, AIM)
    for _ in range(5):
        pace.halve()
    assert pace.size == 1
    pace.took(SHORT)
    assert pace.size == 2
