"""How much of the market's price the cheapest venue gives."""

from decimal import Decimal

from tests.support.builders import T0, terms
from venues import simulated_share
from venues.settings import VenueSettings


def share(amount, to="USDC", **settings):
    return simulated_share(VenueSettings(**settings), lambda: T0)(
        terms(amount=amount, token_out=to)
    )


def test_a_small_order_pays_the_lower_fee_and_next_to_no_impact():
    small = share(1)
    assert Decimal("0.9974") < small < Decimal("0.9975")


def test_a_large_order_moves_the_price():
    assert share(100_000) < Decimal("0.8")


def test_without_fees_a_small_order_gets_the_market():
    assert share(1, raydium_fee=0, meteora_fee=0) > Decimal("0.99999")


def test_where_there_is_no_pool_the_target_itself_counts():
    assert share(1, to="NOSUCH") == 1
