"""Prices and times as people say them, and as the API takes them."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

import typer

from orders.pairs import canonical, price_along, symbol_of, tokens_of

LARGEST_EXPONENT = 40
"""Far beyond what the API takes; the number is sent with every digit, and 1e999999999 has many."""

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DELAY = re.compile(r"(\d{1,6})([smhd])")


def number(text: str) -> Decimal:
    """Return a number of any size that is still sent with every digit."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number") from None
    if not found.is_finite():
        raise typer.BadParameter(f"{text!r} is not a finite number")
    if abs(found.adjusted()) > LARGEST_EXPONENT:
        raise typer.BadParameter(f"{text!r} is out of all bounds")
    return found


def price(text: str) -> Decimal:
    """Return a price, a number above zero."""
    found = number(text)
    if found <= 0:
        raise typer.BadParameter(f"{text!r} is no price: it is above 0")
    return found


def end(text: str) -> datetime:
    """Return the moment (UTC) so long from now, or the time that the text names with its zone."""
    delay = _DELAY.fullmatch(text)
    try:
        if delay:
            return datetime.now(UTC) + timedelta(**{UNITS[delay[2]]: int(delay[1])})
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise typer.BadParameter(f"{text!r} is no time: write 30s, 5m, 1h, 2d or 2030-01-31T12:00:00Z")


def target(token_in: str, token_out: str, quoted: Decimal) -> tuple[Decimal, str]:
    """Return token out per token in, from the price of the pair as people quote it.

    The sentence beside it says which way it was converted.
    """
    pair = canonical(token_in, token_out)
    base, quote = tokens_of(pair)
    wanted = price_along(pair, quoted, token_in)
    given, got = symbol_of(token_in), symbol_of(token_out)
    sells = f"Sells {base} at {quoted:f} {quote} or more"
    side = sells if given == base else f"Buys {base} at {quoted:f} {quote} or less"
    return wanted, f"{side} ({pair}): targetPrice {wanted:f} {got} for 1 {given}"
