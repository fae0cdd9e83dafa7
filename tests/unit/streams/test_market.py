"""What a worker remembers of the market."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from orders.values import Liquidity, Tick
from streams.market import KEPT, Hearing, MarketView, Peaks
from tests.support.builders import LIQUIDITY, METEORA, T0, seconds

SELL, BUY = ("SOL", "USDC"), ("USDC", "SOL")


def tick(price, at=0.0):
    return Tick(pair="SOL/USDC", price=Decimal(price), at=seconds(at))


def test_both_directions_of_a_pair_have_their_last_and_best_prices():
    market = MarketView(lambda: False)
    for place, price in enumerate([100, 200, 160]):
        market.tick(tick(price, place))
    assert market.now(SELL) == (Decimal(160), tick(160, 2))
    assert market.best_since(SELL, seconds(0)) == (Decimal(200), tick(200, 1))
    assert market.best_since(SELL, seconds(1)) == (Decimal(160), tick(160, 2))
    assert market.best_since(SELL, seconds(2)) is None
    assert market.best_since(BUY, seconds(0)) == (Decimal("0.00625"), tick(160, 2))


def test_while_prices_are_silent_there_are_none():
    market = MarketView(lambda: True)
    market.tick(tick(100))
    assert market.now(SELL) is None
    assert market.best_since(SELL, seconds(-1)) is None


def test_prices_of_the_past_are_silent_too():
    now = [0.0]
    hearing = Hearing(lambda: now[0])
    assert hearing.is_silent()
    hearing.heard()
    assert not hearing.is_silent()
    now[0] = 5.1
    assert hearing.is_silent()


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(-1, 60))
def test_the_best_price_since_any_moment_is_known(prices, moment):
    peaks = Peaks()
    for place, price in enumerate(prices):
        peaks.add(Decimal(price), tick(price, place))
    later = prices[max(0, moment + 1) :]
    best = peaks.since(seconds(moment))
    assert (best and best[0]) == (Decimal(max(later)) if later else None)


def test_what_is_long_past_is_forgotten():
    peaks = Peaks()
    peaks.add(Decimal(200), tick(200))
    late = KEPT.total_seconds() + 1
    peaks.add(Decimal(100), tick(100, late))
    assert peaks.since(seconds(-1)) == (Decimal(100), tick(100, late))


def test_the_last_word_of_each_pool_of_a_token_is_known():
    market = MarketView(lambda: True)
    other = Liquidity(token="USDC", pool=METEORA, usd=Decimal(1), price=Decimal(1), at=T0)
    for pool in (LIQUIDITY, other, replace(LIQUIDITY, usd=Decimal(7))):
        market.liquidity(pool)
    told = {pool.pool: pool.usd for pool in market.pools("USDC")}
    assert told == {"RAYDIUM": Decimal(7), "METEORA": Decimal(1)}
    assert list(market.pools("SOL")) == []
