"""The numbers of an order as clients write them: within their bounds, every digit kept."""

from decimal import Decimal

from api import placing_errors
from api.errors import Kind, Refusal
from orders import tokens
from orders.values import MAX_AMOUNT

DEFAULT_SLIPPAGE = Decimal("0.05")
SLIPPAGE_DECIMALS = 18
PRICE_DECIMALS = 36
MAX_PRICE = Decimal(10) ** 30
LIQUIDITY_DECIMALS = 18
_ZERO, _ONE = Decimal(0), Decimal(1)


def amount_of(value: object, token_in: object, field: str) -> Decimal:
    """Return an amount of a token; raise `Refusal`."""
    if not isinstance(value, Decimal):
        raise Refusal(placing_errors.INVALID_AMOUNT_TYPE, field=field)
    if not (value.is_finite() and _ZERO < value <= MAX_AMOUNT):
        raise Refusal(placing_errors.INVALID_AMOUNT, field=field)
    token = token_in if isinstance(token_in, str) else ""
    most = tokens.decimals_of(token)
    amount = _within(value, most)
    if amount is None:
        message = f"{field} has more than the {most} decimals of the token: round it to {most}."
        raise Refusal(placing_errors.INVALID_AMOUNT, message, field=field)
    return amount


def slippage_of(value: object) -> Decimal:
    """Return a slippage; raise `Refusal`."""
    if not isinstance(value, Decimal):
        raise Refusal(placing_errors.INVALID_SLIPPAGE_TYPE)
    in_range = value.is_finite() and _ZERO <= value <= _ONE
    slippage = _within(value, SLIPPAGE_DECIMALS) if in_range else None
    if slippage is None:
        raise Refusal(placing_errors.INVALID_SLIPPAGE_RANGE)
    return slippage


def price_of(value: object) -> Decimal:
    """Return a target price; raise `Refusal`."""
    wrong = placing_errors.INVALID_TARGET_PRICE
    return _number(value, MAX_PRICE, PRICE_DECIMALS, wrong, zero=False)


def liquidity_of(value: object) -> Decimal:
    """Return an amount of US dollars in a pool; raise `Refusal`."""
    wrong = placing_errors.INVALID_MIN_LIQUIDITY
    return _number(value, MAX_AMOUNT, LIQUIDITY_DECIMALS, wrong, zero=True)


def _number(value: object, most: Decimal, decimals: int, wrong: Kind, *, zero: bool) -> Decimal:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise Refusal(wrong)
    in_range = _ZERO < value <= most or (zero and not value)
    number = _within(value, decimals) if in_range else None
    if number is None:
        raise Refusal(wrong)
    return number


def _within(value: Decimal, decimals: int) -> Decimal | None:
    """The same number without an exponent, if it needs no more than so many decimals.

    Zeros at its end need none; those beyond so many decimals are left out, of a zero all.
    """
    if not value:
        return _ZERO
    _, digits, exponent = value.as_tuple()
    if -decimals <= int(exponent) <= 0:
        return value
    if int(exponent) > 0:
        return Decimal(f"{value:f}")
    beyond = -int(exponent) - decimals
    return None if any(digits[-beyond:]) else Decimal(f"{value:.{decimals}f}")
