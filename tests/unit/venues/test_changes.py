"""What people do to the market holds for every process alike, in whatever order it is heard."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from orders.errors import Code, Reason
from orders.pairs import canonical, tokens_of
from orders.values import MONEY
from tests.support.contracts import swap
from tests.support.market import move, pool
from venues import simulated_quoters
from venues.changes import Changes
from venues.market import LISTINGS, Market, anchor_of
from venues.pools import Pools, Swap
from venues.settings import VenueSettings

T0 = datetime(2026, 1, 1, tzinfo=UTC)
LATER = T0 + timedelta(minutes=3)
MOVES = [
    move("151.2", at=T0),
    move("1.31", of="mSOL", against="SOL", at=T0 + timedelta(seconds=7)),
    move("2.5", of="JUP", at=T0 + timedelta(seconds=9)),
    move("0.99", of="USDT", at=T0),
]


def market_with(*changes, volatility=0.0002):
    heard = Changes()
    for one in changes:
        (heard.moved if hasattr(one, "against") else heard.liquidity)(one)
    return Market(1, volatility, heard)


def price(market, pair, at):
    return market.price(pair, market.tick(at))


def out_of(market, pair, amount, venue="RAYDIUM", at=LATER):
    return Pools(venue, Decimal(0), market).swap(swap(pair=pair, amount=amount), at)


@pytest.mark.parametrize("volatility", [0, 0.0002, 0.01])
def test_a_pair_is_where_it_was_put_to_the_last_digit(volatility):
    market = market_with(*MOVES, volatility=volatility)
    for put in MOVES:
        assert str(price(market, f"{put.token}/{put.against}", put.at)) == str(put.price)


def test_the_walk_goes_on_from_there():
    bare, moved = market_with(), market_with(move("300", at=T0))
    walked = price(bare, "SOL/USDC", LATER) / price(bare, "SOL/USDC", T0)
    assert walked != 1
    expected = pytest.approx(300 * walked, rel=Decimal("1e-9"))
    assert price(moved, "SOL/USDC", LATER) == expected


def test_what_follows_a_token_goes_with_it_and_nothing_else_moves():
    bare, moved = market_with(), market_with(move("300", at=T0))
    for pair in bare.pairs:
        touched = "SOL" in {anchor_of(token) for token in tokens_of(pair)} | {*tokens_of(pair)}
        same = price(bare, pair, LATER) == price(moved, pair, LATER)
        assert same == (not touched or pair == "mSOL/SOL"), pair


def test_only_the_last_move_of_a_token_counts():
    twice = market_with(move("7", at=T0), *MOVES, move("160", at=T0), move("160", at=T0))
    once = market_with(*MOVES[1:], move("160", at=T0))
    assert [price(twice, pair, LATER) for pair in twice.pairs] == [
        price(once, pair, LATER) for pair in once.pairs
    ]


def test_the_order_in_which_moves_of_several_tokens_are_heard_makes_no_difference():
    told = {
        tuple(price(market, pair, LATER) for pair in market.pairs)
        for market in (market_with(*order) for order in permutations(MOVES))
    }
    assert len(told) == 1


def test_a_move_against_another_token_than_its_own_changes_nothing():
    assert price(market_with(move("300", against="JUP", at=T0)), "SOL/USDC", T0) == price(
        market_with(), "SOL/USDC", T0
    )


def test_quotes_go_with_the_market():
    before = out_of(market_with(), "SOL/USDC", "1")
    after = out_of(market_with(move("300", at=LATER)), "SOL/USDC", "1")
    assert before.amount_out < 200
    assert after.amount_out == pytest.approx(Decimal(300), rel=Decimal("0.002"))


def test_a_change_is_in_the_very_next_quote():
    changes = Changes()
    pools = Pools("RAYDIUM", Decimal(0), Market(1, 0, changes))
    asked = swap(pair="SOL/USDC", amount="1"), T0
    before = pools.swap(*asked)
    changes.moved(move("300", at=T0))
    after = pools.swap(*asked)
    assert after.amount_out > before.amount_out * Decimal("1.9")


def test_a_token_is_unknown_until_a_pool_of_it_has_liquidity_and_then_at_that_venue():
    before = out_of(market_with(), "NEWCOIN/USDC", "1")
    market = market_with(pool("50000", venue="METEORA"))
    assert isinstance(before, Reason)
    assert before.code is Code.UNKNOWN_TOKEN
    assert out_of(market, "NEWCOIN/USDC", "1").code is Code.UNKNOWN_TOKEN
    for known in LISTINGS:
        assert isinstance(out_of(market, f"NEWCOIN/{known}", "1", "METEORA"), Swap)
        assert isinstance(out_of(market, f"{known}/NEWCOIN", "1", "METEORA"), Swap)


def test_an_added_pool_is_as_deep_as_it_was_told_and_gives_the_constant_product():
    market = market_with(pool("30000", price="0.5"), pool("50000", price="0.5"), volatility=0)
    # 50,000 on either side; 1,000 USDC in: 100,000 x 1,000 / 51,000 of the token.
    given = out_of(market, "USDC/NEWCOIN", "1000")
    assert given.amount_out == MONEY.divide(Decimal(10**8), Decimal(51_000)).quantize(
        Decimal("1e-18"), rounding="ROUND_DOWN"
    )


def test_two_added_tokens_have_no_pool_with_each_other():
    market = market_with(pool(of="ONE"), pool(of="TWO"))
    assert out_of(market, "ONE/TWO", "1").code is Code.NO_LIQUIDITY


def test_more_liquidity_makes_the_pools_of_a_known_token_deeper_at_that_venue_only():
    more = market_with(pool("400000000", of="SOL"))
    amount = "10000"
    assert (
        out_of(more, "SOL/USDC", amount).price_impact
        < out_of(market_with(), "SOL/USDC", amount).price_impact / 5
    )
    assert out_of(more, "SOL/USDC", amount, "METEORA") == out_of(
        market_with(), "SOL/USDC", amount, "METEORA"
    )


def test_an_added_token_is_told_against_every_known_one_and_can_be_moved():
    market = market_with(pool(price="2"), move("3", of="NEWCOIN", at=T0), volatility=0)
    assert {canonical("NEWCOIN", known) for known in LISTINGS} <= set(market.pairs)
    assert len(market.pairs) == 28 + 8
    assert price(market, "NEWCOIN/USDC", T0) == 3


def test_a_later_pool_does_not_change_the_price_of_a_token():
    market = market_with(pool(price="2"), pool(venue="METEORA", price="7"), volatility=0)
    assert price(market, "NEWCOIN/USDC", T0) == 2


async def test_nobody_is_quoted_anything_before_the_changes_are_known():
    changes = Changes(known=False)
    settings = VenueSettings(quote_latency_ms=0, quote_timeout_ms=50)
    venue = simulated_quoters(settings, lambda: T0, changes)["RAYDIUM"]
    refused = await venue.quote(swap(pair="NEWCOIN/USDC"), 1)
    assert refused.code is Code.TIMEOUT
    changes.liquidity(pool())
    changes.known.set()
    assert not isinstance(await venue.quote(swap(pair="NEWCOIN/USDC"), 1), Reason)
