"""How people name a pair: one direction of it only, whatever order its tokens come in."""

from decimal import Decimal

from orders.tokens import find
from orders.values import PRICE

QUOTES = ("USDC", "USDT", "SOL")
"""The tokens in which the others are priced, the first of them that is in a pair."""


def canonical(one: str, other: str) -> str:
    """Return the pair of two tokens, symbols or mints, as the market tells it: SOL/USDC.

    What is priced in stands last; where neither is one of those, they stand in alphabetical order.
    """
    base, quote = sorted(map(symbol_of, (one, other)), key=_rank)
    return f"{base}/{quote}"


def tokens_of(pair: str) -> tuple[str, str]:
    """Return the token that is priced and the one it is priced in."""
    base, quote = pair.split("/")
    return base, quote


def price_along(pair: str, price: Decimal, token_in: str) -> Decimal:
    """Return token out per token in, from the price of the pair as the market tells it."""
    return price if symbol_of(token_in) == tokens_of(pair)[0] else PRICE.divide(Decimal(1), price)


def symbol_of(name: str) -> str:
    """Return a token's name in pairs: its symbol, or of an unknown token what it was called."""
    token = find(name)
    return token.symbol if token else name


def _rank(symbol: str) -> tuple[int, str, str]:
    return (-QUOTES.index(symbol) if symbol in QUOTES else -len(QUOTES), symbol.casefold(), symbol)
