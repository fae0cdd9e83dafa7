"""The tokens the engine knows by name."""

import pytest

from orders.tokens import KNOWN, UNKNOWN_DECIMALS, decimals_of, find, same
from tests.support.builders import terms

SOL_MINT = "So11111111111111111111111111111111111111112"


@pytest.mark.parametrize("token", KNOWN, ids=lambda token: token.symbol)
def test_a_token_is_known_by_symbol_and_mint(token):
    assert find(token.symbol) is token
    assert find(token.symbol.upper()) is token
    assert find(token.mint) is token


def test_an_unknown_name_is_no_token():
    assert find("NOSUCH") is None
    assert decimals_of("NOSUCH") == UNKNOWN_DECIMALS


def test_amounts_have_the_digits_of_their_token():
    assert (decimals_of("SOL"), decimals_of("USDC"), decimals_of("BONK")) == (9, 6, 5)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("SOL", SOL_MINT, True),
        ("mSOL", "MSOL", True),
        ("SOL", "USDC", False),
        ("NOSUCH", "NOSUCH", True),
        ("NOSUCH", "OTHER", False),
        ("SOL", "NOSUCH", False),
    ],
)
def test_two_names_may_mean_one_token(one, other, verdict):
    assert same(one, other) is verdict


def test_the_simulation_is_told_the_fault_of_each_attempt():
    faulty = terms(faults=["glitch", None, "hang"])
    assert [faulty.fault(attempt) for attempt in (1, 2, 3, 4)] == ["glitch", None, "hang", None]
