"""Each pair has one name, the one people quote it by."""

from decimal import Decimal
from itertools import permutations

import pytest

from orders.pairs import canonical, price_along, symbol_of, tokens_of
from orders.tokens import KNOWN

SOL_MINT = "So11111111111111111111111111111111111111112"


@pytest.mark.parametrize(
    ("one", "other", "pair"),
    [
        ("SOL", "USDC", "SOL/USDC"),
        ("USDC", "USDT", "USDT/USDC"),
        ("USDT", "SOL", "SOL/USDT"),
        ("SOL", "JUP", "JUP/SOL"),
        ("SOL", "mSOL", "mSOL/SOL"),
        ("RAY", "BONK", "BONK/RAY"),
        ("PYTH", "mSOL", "mSOL/PYTH"),
        ("NEWCOIN", "USDC", "NEWCOIN/USDC"),
        (SOL_MINT, "usdc", "SOL/USDC"),
    ],
)
def test_a_pair_is_named_as_people_quote_it(one, other, pair):
    assert canonical(one, other) == canonical(other, one) == pair


def test_every_pair_of_known_tokens_has_one_name():
    symbols = [token.symbol for token in KNOWN]
    names = {canonical(one, other) for one, other in permutations(symbols, 2)}
    assert len(names) == len(symbols) * (len(symbols) - 1) // 2
    assert {canonical(*tokens_of(name)) for name in names} == names


def test_a_price_is_told_along_either_direction():
    assert price_along("SOL/USDC", Decimal(160), "SOL") == Decimal(160)
    assert price_along("SOL/USDC", Decimal(160), SOL_MINT) == Decimal(160)
    assert price_along("SOL/USDC", Decimal(160), "USDC") == Decimal("0.00625")


def test_an_unknown_token_keeps_the_name_it_was_called_by():
    assert symbol_of("newCoin") == "newCoin"
    assert symbol_of("msol") == "mSOL"
