"""Laws of amounts, quotes and prices: no digit is lost, and the best quote is the best."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orders.routing import best_quote, min_amount_out
from orders.values import MAX_AMOUNT, MONEY, price_of
from orders.wire import decode, encode
from tests.support.builders import placed, terms
from tests.support.drawn import AMOUNTS_OUT, QUOTES


@given(st.decimals(Decimal("1E-18"), MAX_AMOUNT, places=18, allow_nan=False))
def test_no_digit_of_an_amount_is_lost_on_the_wire(amount):
    event = placed(terms=terms(amount=amount))
    assert decode(encode(event)) == event


@given(st.lists(QUOTES, max_size=6))
def test_the_best_quote_gives_no_less_than_any_other(quotes):
    best = best_quote(quotes)
    assert (best is None) == (not any(quote.amount_out for quote in quotes))
    assert best is None or all(best.amount_out >= quote.amount_out for quote in quotes)


@given(QUOTES, st.decimals(0, 1, places=18))
def test_the_minimum_out_is_within_the_quote_and_exact(one, slippage):
    least = min_amount_out(one, terms(slippage=slippage))
    assert 0 <= least <= one.amount_out
    assert least == one.amount_out * (1 - slippage) or len(least.as_tuple().digits) > 28


@given(AMOUNTS_OUT, st.decimals(Decimal("1E-9"), MAX_AMOUNT, places=9))
def test_a_price_is_right_to_eighteen_digits(amount_out, amount_in):
    price = price_of(amount_out, amount_in)
    assert len(price.as_tuple().digits) <= 18
    assert abs(MONEY.multiply(price, amount_in) - amount_out) <= amount_out * Decimal("1E-17")
