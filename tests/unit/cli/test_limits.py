"""Prices and times as people say them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import typer

from cli import limits

USDC_MINT = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
INVERSE = "0.00661375661375661376"


@pytest.mark.parametrize(
    ("token_in", "token_out", "target", "said"),
    [
        ("SOL", "USDC", "151.2", "Sells SOL at 151.2 USDC or more (SOL/USDC)"),
        ("USDC", "SOL", INVERSE, "Buys SOL at 151.2 USDC or less (SOL/USDC)"),
        ("BONK", "SOL", "151.2", "Sells BONK at 151.2 SOL or more (BONK/SOL)"),
        (USDC_MINT, "SOL", INVERSE, "Buys SOL at 151.2 USDC or less (SOL/USDC)"),
    ],
)
def test_a_price_is_that_of_the_pair_as_people_quote_it(token_in, token_out, target, said):
    price, sentence = limits.target(token_in, token_out, Decimal("151.2"))
    assert price == Decimal(target)
    assert sentence.startswith(said)
    assert f"targetPrice {price:f} " in sentence


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("1h", 3600), ("2d", 172_800)])
def test_an_end_is_so_long_from_now(text, seconds):
    delay = timedelta(seconds=seconds)
    assert limits.end(text) - delay <= limits.end("0s") <= limits.end(text)


def test_an_end_is_a_time_with_its_zone():
    assert limits.end("2030-01-31T12:00:00+02:00") == datetime(2030, 1, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "1w", "soon", "2030-01-31T12:00:00", "9999999d", "-1h"])
def test_what_is_no_time_is_told_with_one_that_is(text):
    with pytest.raises(typer.BadParameter, match="1h"):
        limits.end(text)


@pytest.mark.parametrize("text", ["0", "-1", "x", "nan"])
def test_what_is_no_price_is_refused(text):
    with pytest.raises(typer.BadParameter):
        limits.price(text)
