from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.tokens import KNOWN
from venues.market import LISTINGS, Market

T0 = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(milliseconds=250)
MOMENTS = st.integers(-(10**8), 10**9).map(lambda seconds: T0 + timedelta(seconds=seconds))


def some_market(seed=1, volatility=0.0002):
    return Market(seed, volatility)


def price(market, symbol, at):
    return market.usd(symbol, market.tick(at))


def test_every_known_token_is_listed():
    assert set(LISTINGS) == {token.symbol for token in KNOWN}


@given(MOMENTS)
def test_two_markets_with_one_seed_agree_at_any_moment_in_any_order(at):
    one, other = some_market(), some_market()
    price(one, "SOL", at - timedelta(days=1))
    assert [price(one, name, at) for name in LISTINGS] == [
        price(other, name, at) for name in LISTINGS
    ]


def test_another_seed_is_another_market():
    assert price(some_market(1), "SOL", T0) != price(some_market(2), "SOL", T0)


def test_a_price_holds_for_a_tick_of_250_ms():
    market = some_market()
    assert price(market, "SOL", T0) == price(market, "SOL", T0 + TICK - timedelta(microseconds=1))
    assert price(market, "SOL", T0) != price(market, "SOL", T0 + TICK)


def test_a_market_without_volatility_stands_still_at_its_reference_prices():
    market = some_market(volatility=0)
    for name, listing in LISTINGS.items():
        assert price(market, name, T0) == price(market, name, T0 + timedelta(days=9)) == listing.usd


@pytest.mark.parametrize("seconds", [1, 10, 100])
def test_prices_spread_with_the_square_root_of_time(seconds):
    market = some_market(volatility=0.001)
    starts = [T0 + timedelta(hours=7 * n) for n in range(400)]
    changes = [
        price(market, "SOL", at + timedelta(seconds=seconds)) / price(market, "SOL", at) - 1
        for at in starts
    ]
    assert pstdev(map(float, changes)) == pytest.approx(0.001 * seconds**0.5, rel=0.25)


@given(MOMENTS)
def test_prices_stay_around_their_reference(at):
    market = some_market()
    for name, listing in LISTINGS.items():
        assert listing.usd / 2 < price(market, name, at) < listing.usd * 2


@given(MOMENTS)
def test_staked_sol_follows_sol_and_dollars_stay_dollars(at):
    market = some_market()
    ratio = price(market, "mSOL", at) / price(market, "SOL", at)
    assert abs(ratio / Decimal("1.28") - 1) < Decimal("0.01")
    assert abs(price(market, "USDC", at) - 1) < Decimal("0.01")


@given(MOMENTS)
def test_two_venues_differ_by_less_than_both_fees(at):
    market = some_market()
    tick = market.tick(at)
    pair = ("SOL", "USDC")
    offsets = [market.offset(venue, pair, tick) for venue in ("RAYDIUM", "METEORA")]
    assert max(offsets) - min(offsets) <= Decimal("0.003")
