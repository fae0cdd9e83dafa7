"""Limit orders by the price at which they fire, in the direction each of them trades."""

from decimal import Decimal

import pytest

from orders.fold import replay
from orders.state import Resting
from orders.values import Tick
from streams.book import Book, side_of, sides_of
from tests.support.builders import T0, limit, placed, rested

SELL = ("SOL", "USDC")
BUY = ("USDC", "SOL")


def resting(price, name="1", **changes):
    order_id = f"{name:0>8}-0000-4000-8000-000000000000"
    order = replay(
        [placed(order_id=order_id, terms=limit(price, **changes)), rested(2, order_id=order_id)]
    )
    assert isinstance(order, Resting)
    return order


def ids(*orders):
    return [order.placement.order_id for order in orders]


@pytest.fixture
def book():
    return Book(lambda terms: Decimal(1))


def test_orders_fire_at_their_price_or_a_better_one_each_once(book):
    low, high, out = resting(150, "2"), resting(151, "1"), resting(152, "3")
    for order in (out, high, low):
        book.add(order)
    assert book.reached(SELL, Decimal("149.99")) == []
    assert book.reached(SELL, Decimal(151)) == ids(low, high)
    assert book.reached(SELL, Decimal(151)) == []
    assert len(book) == 1


def test_fee_and_impact_raise_the_price_at_which_an_order_fires():
    book = Book(lambda terms: Decimal("0.99"))
    book.add(resting(99))
    assert book.reached(SELL, Decimal("99.99")) == []
    assert len(book.reached(SELL, Decimal(100))) == 1


def test_an_order_of_the_other_direction_fires_when_the_pair_falls(book):
    order = resting(Decimal("0.008"), token_in="USDC", token_out="SOL")
    book.add(order)
    prices = dict(sides_of(Tick(pair="SOL/USDC", price=Decimal(126), at=T0)))
    assert book.reached(BUY, prices[BUY]) == []
    assert book.reached(SELL, prices[SELL]) == []
    prices = dict(sides_of(Tick(pair="SOL/USDC", price=Decimal(125), at=T0)))
    assert book.reached(BUY, prices[BUY]) == ids(order)


def test_a_token_may_be_told_by_its_mint(book):
    order = resting(150, token_in="So11111111111111111111111111111111111111112")
    assert side_of(order.placement.terms) == SELL


def test_an_order_that_was_taken_out_does_not_fire(book):
    order = resting(150)
    book.add(order)
    book.remove(order)
    book.remove(order)
    assert book.reached(SELL, Decimal(200)) == []
    assert len(book) == 0


def test_an_order_that_fell_short_fires_on_a_better_price_than_that(book):
    order = resting(150)
    book.add(order, above=Decimal(151))
    assert book.reached(SELL, Decimal(151)) == []
    assert book.reached(SELL, Decimal("151.01")) == ids(order)


def test_an_order_that_fell_short_below_its_price_fires_at_its_price(book):
    order = resting(150)
    book.add(order, above=Decimal(140))
    assert book.reached(SELL, Decimal(149)) == []
    assert book.reached(SELL, Decimal(150)) == ids(order)


def test_an_order_that_is_added_again_has_one_place(book):
    order = resting(150)
    book.add(order, above=Decimal(151))
    book.add(order)
    assert book.fires(order, Decimal(150))
    assert book.reached(SELL, Decimal(160)) == ids(order)
    assert not book.fires(order, Decimal(160))


def test_a_price_beyond_all_others_is_one(book):
    sells, buys = resting(150, "1"), resting(150, "2", token_in="USDC", token_out="SOL")
    for order in (sells, buys):
        book.add(order)
    prices = dict(sides_of(Tick(pair="SOL/USDC", price=Decimal("1e-999999"), at=T0)))
    assert book.reached(SELL, prices[SELL]) == []
    assert book.reached(BUY, prices[BUY]) == ids(buys)
