"""On which price an order fires again that fell short."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.retry import REST_MAX, rest_delay, sure_price

FIRED_AT = Decimal(100)


@pytest.mark.parametrize(
    ("rests", "price"),
    [(0, "100.25"), (1, "100.25"), (2, "100.5"), (3, "101"), (6, "108"), (7, "115"), (99, "115")],
)
def test_who_falls_short_again_needs_a_price_twice_as_much_better_up_to_a_bound(rests, price):
    assert sure_price(FIRED_AT, rest_delay(rests)) == Decimal(price)


def test_the_price_that_is_sure_is_exact_however_small():
    assert sure_price(Decimal("0.0000000123456789"), timedelta(seconds=2)) == Decimal(
        "0.00000001240740729450"
    )
    assert sure_price(Decimal(10) ** 30, REST_MAX) == Decimal("1.15e30")
