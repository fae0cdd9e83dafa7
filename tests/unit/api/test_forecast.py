"""What is told of quotes: the winner and why, and what to look out for."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from api.forecast import Asked, forecast
from orders.commands import RouteOrder
from orders.decider import decide
from orders.events import OrderRouted
from orders.fold import replay
from orders.retry import RetryPolicy
from tests.support.builders import (
    METEORA,
    RAYDIUM,
    T0,
    no_quote,
    placed,
    quote,
    seconds,
    stamp,
    terms,
)

TOOK = timedelta(milliseconds=200)


def seen(*answers, now=T0, **changes):
    return forecast(terms(**changes), [Asked(answer, TOOK) for answer in answers], now)


def codes(one):
    return [warned.code for warned in one.warnings]


def test_the_winner_is_who_gives_most_and_by_how_much_is_told():
    one = seen(quote(1500), quote(1503, METEORA))
    assert one.winner == quote(1503, METEORA)
    assert (one.lead.venue, one.lead.amount_out, one.lead.fraction) == (
        RAYDIUM,
        3,
        Decimal("0.002"),
    )
    assert one.why == (
        "METEORA offers 1503 USDC after its fee, 3 (0.2 %) more than RAYDIUM. "
        "At least 1487.97 USDC must come out."
    )
    assert [answered.answer.venue for answered in one.asked] == [METEORA, RAYDIUM]
    assert codes(one) == []


def test_it_is_what_a_worker_would_decide_of_the_same_answers():
    answers = (quote(1500), quote(1503, METEORA))
    routed = decide(RouteOrder(answers, (), stamp()), replay([placed()]), RetryPolicy())
    assert isinstance(routed, OrderRouted)
    assert routed.venue == seen(*answers).winner.venue


def test_of_two_that_give_the_same_the_first_by_name_is_taken():
    one = seen(quote(1500), quote(1500, METEORA))
    assert one.winner.venue == METEORA
    assert "as much as RAYDIUM" in one.why


@pytest.mark.parametrize("other", [no_quote("TIMEOUT", METEORA), quote(0, METEORA)])
def test_a_quote_that_is_alone_is_told(other):
    one = seen(other, quote(1500))
    assert (one.winner.venue, one.lead) == (RAYDIUM, None)
    assert codes(one) == ["ONE_QUOTE_ONLY"]
    assert one.asked[0].answer.venue == RAYDIUM
    assert "the only usable quote" in one.why


@pytest.mark.parametrize(
    ("answers", "code", "end"),
    [
        ([no_quote("NO_LIQUIDITY"), no_quote("NO_LIQUIDITY", METEORA)], "NO_LIQUIDITY", "at once."),
        ([no_quote("NO_LIQUIDITY"), no_quote("TIMEOUT", METEORA)], "TIMEOUT", "and then fail."),
        ([quote(0), quote(0, METEORA)], "NO_LIQUIDITY", "at once."),
    ],
)
def test_without_a_route_it_is_told_what_an_attempt_would_end_with(answers, code, end):
    one = seen(*answers)
    assert (one.winner, one.lead, one.failure.code) == (None, None, code)
    assert one.why.endswith(end)
    assert codes(one) == ["NO_ROUTE"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"slippage": "0.0501"}, "WIDE_SLIPPAGE"),
        ({"slippage": "0.0009"}, "NARROW_SLIPPAGE"),
        ({"now": seconds(5.1)}, "OLD_QUOTE"),
    ],
)
def test_what_to_look_out_for(changes, code):
    assert codes(seen(quote(1500), quote(1503, METEORA), **changes)) == [code]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "made again"),
        ({"time_in_force": "IOC"}, "failed"),
        ({"order_type": "limit", "target_price": 150}, "waits for its price again"),
    ],
)
def test_what_a_refused_price_would_mean_is_told(changes, told):
    [narrow] = seen(quote(1503), quote(1503, METEORA), slippage="0.0009", **changes).warnings
    assert told in narrow.message


@pytest.mark.parametrize(
    "changes", [{"slippage": "0.05"}, {"slippage": "0.001"}, {"now": seconds(5)}]
)
def test_nothing_is_told_at_the_limits(changes):
    assert codes(seen(quote(1500), quote(1503, METEORA), **changes)) == []


@pytest.mark.parametrize(("impact", "told"), [("0.01", []), ("0.0101", ["HIGH_PRICE_IMPACT"])])
def test_a_high_price_impact_of_the_winner_is_told(impact, told):
    best = replace(quote(1503, METEORA), price_impact=Decimal(impact))
    assert codes(seen(quote(1500), best)) == told


def test_a_limit_order_whose_price_is_not_there_would_wait():
    at_target = {"order_type": "limit", "target_price": 150}
    assert codes(seen(quote(1500), quote(1499, METEORA), **at_target)) == []
    short = seen(quote(1499), quote(1498, METEORA), **at_target)
    assert codes(short) == ["PRICE_NOT_REACHED"]
    assert "RAYDIUM offers 1499 USDC, the target price asks for 1500" in short.warnings[0].message


def test_an_order_that_nobody_would_take_now_waits_unless_it_is_a_market_order():
    nobody = [no_quote("UNKNOWN_TOKEN"), no_quote("UNKNOWN_TOKEN", METEORA)]
    assert "would fail at once" in seen(*nobody).why
    assert "would wait for a pool" in seen(*nobody, order_type="sniper").why
    assert codes(seen(quote(1), quote(1, METEORA), order_type="sniper")) == ["WAITS_FOR_A_POOL"]
