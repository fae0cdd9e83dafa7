from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.errors import Code, Reason
from orders.tokens import KNOWN, decimals_of, find
from orders.values import MAX_AMOUNT, MONEY, Liquidity
from tests.support.contracts import swap
from venues import VENUES
from venues.market import Market
from venues.pools import Pool, Pools, Swap, listed_pools

T0 = datetime(2026, 1, 1, tzinfo=UTC)
MARKET = Market(1, 0.0002)
RAYDIUM = Pools("RAYDIUM", Decimal("0.0025"), MARKET)
METEORA = Pools("METEORA", Decimal("0.0030"), MARKET)
PAIRS = [f"{a.symbol}/{b.symbol}" for a, b in permutations(KNOWN, 2)]
NOWHERE = {"BONK/PYTH", "PYTH/BONK"}
TRADED = [pair for pair in PAIRS if pair not in NOWHERE]
BASE_UNITS = st.integers(1, 10**24)
MOMENTS = st.integers(0, 10**6).map(lambda seconds: T0 + timedelta(seconds=seconds))


def swapped(pools, pair, amount, at=T0):
    answer = pools.swap(swap(pair=pair, amount=str(amount)), at)
    assert isinstance(answer, Swap)
    return answer


def worth(pair, usd):
    """Return so many dollars in the pair's token in, to the tokens' fewest decimals."""
    price = MARKET.usd(pair.split("/")[0], MARKET.tick(T0))
    return (usd / price).quantize(Decimal("0.00001"))


def pool_of(pools, pair, at=T0):
    token_in, token_out = map(find, pair.split("/"))
    return pools.pool(token_in, token_out, at)


def test_a_pool_takes_its_fee_rounded_up_then_gives_the_constant_product_rounded_down():
    pool = Pool(reserve_in=1_000_000, reserve_out=3_000_000, fee=(1, 400))
    # 10,001 in: 26 fee (25.0025 up), 9,975 net; 3,000,000 x 9,975 / 1,009,975 = 29,629.4… down.
    assert pool.swap(10_001)[:2] == (29_629, 26)


def test_the_impact_is_what_the_swap_moves_the_pool():
    pool = Pool(reserve_in=1_000, reserve_out=1_000, fee=(0, 1))
    assert pool.swap(250)[2] == Decimal("0.2")


@pytest.mark.parametrize("pair", TRADED)
def test_every_pair_has_a_pool_near_the_market_in_both_directions(pair):
    token_in, token_out = pair.split("/")
    tick = MARKET.tick(T0)
    amount = worth(pair, 1000)
    market_price = MARKET.usd(token_in, tick) / MARKET.usd(token_out, tick)
    given_price = swapped(RAYDIUM, pair, amount).amount_out / amount
    assert given_price == pytest.approx(market_price, rel=Decimal("0.006"))


@pytest.mark.parametrize(
    ("pools", "missing"),
    [(RAYDIUM, NOWHERE), (METEORA, NOWHERE | {"BONK/mSOL", "mSOL/BONK"})],
    ids=["RAYDIUM", "METEORA"],
)
def test_only_the_documented_pairs_have_no_pool(pools, missing):
    answers = {pair: pools.swap(swap(pair=pair), T0) for pair in PAIRS}
    refused = {pair: answer for pair, answer in answers.items() if isinstance(answer, Reason)}
    assert set(refused) == missing
    assert {answer.code for answer in refused.values()} == {Code.NO_LIQUIDITY}


def test_a_token_has_no_pool_with_itself():
    refused = RAYDIUM.swap(swap(pair="SOL/SOL"), T0)
    assert isinstance(refused, Reason)
    assert refused.code is Code.NO_LIQUIDITY


def test_a_mint_address_is_as_good_as_a_symbol():
    mint = "So11111111111111111111111111111111111111112"
    assert swapped(RAYDIUM, f"{mint}/usdc", 10) == swapped(RAYDIUM, "SOL/USDC", 10)


def test_an_amount_finer_than_the_tokens_base_unit_is_invalid():
    refused = RAYDIUM.swap(swap(pair="USDC/SOL", amount="1.0000001"), T0)
    assert isinstance(refused, Reason)
    assert refused.code is Code.INVALID_ORDER
    assert swapped(RAYDIUM, "USDC/SOL", "1.0000000").amount_out > 0


@pytest.mark.parametrize(("pools", "fee"), [(RAYDIUM, "0.25"), (METEORA, "0.3")])
def test_the_fee_is_a_share_of_the_amount_in(pools, fee):
    assert swapped(pools, "SOL/USDC", 100).fee == Decimal(fee)


@pytest.mark.parametrize("pair", TRADED)
def test_impact_grows_with_size_until_nearly_the_whole_pool_is_out(pair):
    swaps = [swapped(RAYDIUM, pair, 10**n) for n in range(0, 16, 3)]
    impacts = [each.price_impact for each in swaps]
    assert impacts == sorted(impacts)
    assert 0 < impacts[0] < impacts[-1] <= 1
    prices = [each.amount_out / 10 ** (3 * n) for n, each in enumerate(swaps)]
    assert prices[-1] < prices[0]


@given(st.sampled_from(TRADED), BASE_UNITS, MOMENTS)
def test_no_swap_gives_more_than_the_pools_price_without_fee_and_impact(pair, amount, at):
    pool = pool_of(RAYDIUM, pair, at)
    out, fee, _ = pool.swap(amount)
    assert out * pool.reserve_in <= pool.reserve_out * (amount - fee)
    assert out < pool.reserve_out
    assert 0 < fee <= amount


@given(st.sampled_from(TRADED), BASE_UNITS, MOMENTS)
def test_no_round_trip_profits(pair, amount, at):
    # Not more than an order may have.
    base_unit = Decimal(1).scaleb(-decimals_of(pair.split("/")[0]))
    paid = min(MONEY.multiply(Decimal(amount), base_unit), MAX_AMOUNT)
    got = swapped(RAYDIUM, pair, paid, at).amount_out
    if 0 < got <= MAX_AMOUNT:
        back = "/".join(reversed(pair.split("/")))
        assert swapped(RAYDIUM, back, got, at).amount_out <= paid


def test_each_venue_wins_sometimes():
    gives_more = {
        swapped(RAYDIUM, pair, 10, at).amount_out > swapped(METEORA, pair, 10, at).amount_out
        for pair in ("SOL/USDC", "JUP/RAY", "USDC/SOL")
        for at in (T0 + timedelta(minutes=n) for n in range(30))
    }
    assert gives_more == {True, False}


def test_one_seed_makes_the_same_pools_everywhere():
    again = Pools("RAYDIUM", Decimal("0.0025"), Market(1, 0.0002))
    assert pool_of(again, "SOL/USDC") == pool_of(RAYDIUM, "SOL/USDC")


def test_a_known_token_has_a_pool_at_each_venue_from_the_beginning():
    pools = listed_pools(VENUES, MARKET, lambda: T0)
    told = [(one.token, one.pool, one.usd, one.at) for one in pools("USDC")]
    assert told == [("USDC", name, Decimal(40_000_000), T0) for name in VENUES]
    assert all(pools(token.symbol) for token in KNOWN)
    assert pools("SOL")[0].price == MARKET.usd("SOL", MARKET.tick(T0))


@pytest.mark.parametrize("usd", ["0.0000001", "0.0000009"])
def test_what_holds_less_than_the_least_of_a_token_is_no_pool(usd):
    market = Market(1, 0.0002)
    pool = Liquidity("DUST", "RAYDIUM", usd=Decimal(usd), price=Decimal(1), at=T0)
    market.changes.liquidity(pool)
    pools = Pools("RAYDIUM", Decimal("0.0025"), market)
    for pair in ("USDC/DUST", "DUST/USDC"):
        found = pools.swap(swap(pair=pair, amount="0.000001"), T0)
        assert isinstance(found, Reason)
        assert found.code is Code.NO_LIQUIDITY


def test_a_token_that_has_to_be_added_has_no_pool_before():
    assert listed_pools(VENUES, MARKET, lambda: T0)("NEW") == []
