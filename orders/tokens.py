"""The tokens the engine knows by name: their mints on Solana's main network and their decimals."""

from typing import NamedTuple


class Token(NamedTuple):
    """A token of the SPL: one unit is 10 to the power of `decimals` base units."""

    symbol: str
    mint: str
    decimals: int


KNOWN = (
    Token("SOL", "So11111111111111111111111111111111111111112", 9),
    Token("USDC", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", 6),
    Token("USDT", "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", 6),
    Token("JUP", "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN", 6),
    Token("RAY", "4k3Dyjzvzp8eMZWUXbBCjEvwSkkk59S5iCNLY3QrkX6R", 6),
    Token("BONK", "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263", 5),
    Token("mSOL", "mSoLzYCxHdYgdzU16g5QSh3i5K3z3KZK7ytfqcJm7So", 9),
    Token("PYTH", "HZ1JovNiVvGrGNiiYvEozEVgZ58xaU3RKwX8eACQBCt3", 6),
)

_BY_NAME = {name: token for token in KNOWN for name in (token.symbol.upper(), token.mint)}

UNKNOWN_DECIMALS = 18
"""Digits after the point accepted for a token the engine does not know; its venues will judge."""


def find(name: str) -> Token | None:
    """Return the known token with this symbol (in any case) or this mint, else None."""
    return _BY_NAME.get(name) or _BY_NAME.get(name.upper())


def decimals_of(name: str) -> int:
    """Return how many digits after the point an amount of this token may have."""
    token = find(name)
    return token.decimals if token else UNKNOWN_DECIMALS


def same(one: str, other: str) -> bool:
    """Return whether two names, symbols or mints, mean one token."""
    known, also = find(one), find(other)
    return known is also if known or also else one == other
