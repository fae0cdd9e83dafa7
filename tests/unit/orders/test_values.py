"""Terms fit the type of their order."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from tests.support.builders import T0, limit, seconds, sniper, terms


@pytest.mark.parametrize(
    ("build", "wrong"),
    [
        (terms, {"target_price": 1}),
        (sniper, {"target_price": 1}),
        (limit, {"target_price": None}),
        (limit, {"target_price": 0}),
        (terms, {"pool_provider": "RAYDIUM"}),
        (limit, {"min_liquidity": 0}),
        (sniper, {"min_liquidity": -1}),
        (terms, {"time_in_force": "FOK"}),
        (terms, {"expires_at": "2026-01-01T00:00:00"}),
    ],
)
def test_terms_that_no_order_can_have_are_none(build, wrong):
    with pytest.raises(ValidationError):
        build(**wrong)


def test_the_least_of_a_limit_order_is_what_its_target_gives():
    assert limit(amount="0.3", target_price="151.2").least_out == Decimal("45.36")
    assert terms().least_out == 0


def test_an_order_is_over_from_its_very_moment_on():
    ends = terms(expires_at=seconds(1))
    assert not ends.expired(T0)
    assert ends.expired(seconds(1))
    assert not terms().expired(seconds(10**6))
