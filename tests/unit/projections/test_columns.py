"""Values at the edges of what PostgreSQL can hold."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from projections.columns import integer, moment, number, text
from tests.support.builders import T0, seconds


@pytest.mark.parametrize("digits", ["0", "10.50", "1E+15", "0.000001", "1E-1000"])
def test_every_digit_of_a_number_is_kept(digits):
    assert str(number(Decimal(digits))) == digits


@pytest.mark.parametrize("digits", ["1E-1001", "1E+1001", "0E-20000", "9" * 1002])
def test_a_number_that_no_column_holds_is_left_out(digits):
    assert number(Decimal(digits)) is None


def test_a_text_without_nul_is_kept():
    assert text("10 € \\ \n") == "10 € \\ \n"


def test_a_version_beyond_every_order_is_left_out():
    assert integer(2**31 - 1) == 2**31 - 1
    assert integer(2**31) is None


def test_a_moment_is_kept_and_moved_by_its_delay():
    assert moment(T0) == T0
    assert moment(T0, timedelta(seconds=4)) == seconds(4)


@pytest.mark.parametrize(
    ("value", "delay", "year"),
    [
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), timedelta(), 1),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), timedelta(), 9999),
        (T0, timedelta.max, 9999),
        (T0, timedelta.min, 1),
    ],
)
def test_a_moment_outside_the_calendar_becomes_its_edge(value, delay, year):
    assert moment(value, delay).year == year
    assert moment(value, delay).tzinfo == UTC
