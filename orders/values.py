"""The nouns of the trade: amounts, tokens, terms, quotes, fills. No rule of use lives here."""

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from sys import intern
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta
from msgspec.structs import force_setattr
from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from orders.written import Count, Written

MONEY = Context(prec=80, rounding=ROUND_HALF_EVEN)
"""Wide enough for the product of any two accepted amounts, every digit kept."""

PRICE = Context(prec=18, rounding=ROUND_HALF_EVEN)
"""Prices are quotients: they are kept to 18 significant digits."""

MAX_AMOUNT = Decimal(10) ** 15
_MAX_PRICE = Decimal(10) ** 30
_ZERO, _ONE, _ENDLESS = Decimal(0), Decimal(1), Decimal("Infinity")


def _slim(at: datetime) -> datetime:
    # Not `replace`, which takes three times as long.
    return at if at.utcoffset() else datetime.combine(at.date(), at.time(), UTC)


Moment = Annotated[datetime, AwareDatetime, AfterValidator(_slim), Meta(tz=True)]
"""A time, as a rule in UTC. Every open order keeps several: those have one time zone in common,
where each that is read would bring its own."""

OrderType = Literal["market", "limit", "sniper"]
TimeInForce = Literal["GTC", "IOC"]
"""Good till cancelled, or immediate or cancel: one attempt and no retry."""


def _fits(pattern: str) -> Meta:
    # For pydantic's regular expressions $ is the end, for Python's also what is before a last \n.
    return Meta(pattern=pattern.replace("$", r"\Z"))


_ORDER_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_SYMBOL = r"^[A-Za-z0-9]{2,44}$"
VENUE_PATTERN = r"^[A-Z][A-Z0-9_]{1,19}$"
_USER = r"^[^\x00]{1,128}$"
_CLIENT_ORDER_ID = r"^[\x21-\x7e]{1,128}$"

OrderId = Annotated[str, StringConstraints(pattern=_ORDER_ID), _fits(_ORDER_ID)]
TokenName = Annotated[str, StringConstraints(pattern=_SYMBOL)]
VenueName = Annotated[str, StringConstraints(pattern=VENUE_PATTERN)]
UserId = Annotated[str, StringConstraints(pattern=_USER), _fits(_USER)]
ClientOrderId = Annotated[str, StringConstraints(pattern=_CLIENT_ORDER_ID), _fits(_CLIENT_ORDER_ID)]
"""The name a client gives its order: visible ASCII. With its user it makes the order's id."""

_UNPRINTABLE = r"\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_TAG = rf"^[^{_UNPRINTABLE}]{{1,64}}$"
Tag = Annotated[str, StringConstraints(pattern=_TAG), _fits(_TAG)]
"""A word of the client's for orders that belong together: no control character in it, also none
of those that turn the direction of a text or take no room."""

MAX_TAGS = 10
Tags = Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS), Meta(max_length=MAX_TAGS)]

# Tokens and venues are few: looking at each name once is a fifth of looking at it each time.
is_token = lru_cache(1_000)(re.compile(_SYMBOL).fullmatch)
is_venue = lru_cache(1_000)(re.compile(VENUE_PATTERN).fullmatch)

Amount = Annotated[Decimal, Field(gt=0, le=MAX_AMOUNT)]
AmountOut = Annotated[Decimal, Field(ge=0)]
Fraction = Annotated[Decimal, Field(ge=0, le=1)]
Price = Annotated[Decimal, Field(gt=0, le=_MAX_PRICE)]

Fault = Literal[
    "quote-glitch", "no-liquidity", "glitch", "lost-answer", "price-moved", "hang", "garbage"
]
"""What a simulated venue can be told to do wrong with one attempt; real venues know none of it."""
Faults = Annotated[tuple[Fault | None, ...], Field(max_length=8), Meta(max_length=8)]


class Terms(Written, frozen=True, kw_only=True):
    """What the customer committed to: so much of one token for another, within a slippage.

    `amount` is in units of token in, not base units; `slippage` the largest loss against the quote,
    as a fraction of it. A limit order has a `target_price`: the least token out per token in, after
    fee and impact. A sniper order may choose whose pool, and the US dollars in it. `faults` are of
    the attempts 1, 2, 3 … in the simulation.
    """

    order_type: OrderType = "market"
    token_in: TokenName
    token_out: TokenName
    amount: Amount
    slippage: Fraction
    faults: Faults = ()
    time_in_force: TimeInForce = "GTC"
    expires_at: Moment | None = None
    target_price: Price | None = None
    pool_provider: VenueName | None = None
    min_liquidity: AmountOut | None = None

    def __post_init__(self) -> None:
        if not (is_token(self.token_in) and is_token(self.token_out)):
            raise ValueError("a token's name is of 2 to 44 letters and digits")
        # A hundred thousand open orders are in few tokens: one text of each is enough.
        force_setattr(self, "token_in", intern(self.token_in))
        force_setattr(self, "token_out", intern(self.token_out))
        if not (_ZERO < self.amount <= MAX_AMOUNT and _ZERO <= self.slippage <= _ONE):
            raise ValueError("the amount is above 0 and at most 10^15, the slippage a fraction")
        if self.target_price is not None or self.order_type != "market":
            self._fit_the_target()
        if self.pool_provider is not None or self.min_liquidity is not None:
            self._fit_the_pool()

    def _fit_the_target(self) -> None:
        if (self.target_price is not None) != (self.order_type == "limit"):
            raise ValueError("a limit order has a target price, and no other has one")
        if self.target_price is not None and not _ZERO < self.target_price <= _MAX_PRICE:
            raise ValueError("the target price is above 0 and at most 10^30")

    def _fit_the_pool(self) -> None:
        if self.order_type != "sniper":
            raise ValueError("only a sniper order chooses its pool")
        if self.pool_provider is not None and not is_venue(self.pool_provider):
            raise ValueError("the pool is one of a venue")
        if self.min_liquidity is not None and not _ZERO <= self.min_liquidity < _ENDLESS:
            raise ValueError("the liquidity is 0 or more")

    @property
    def least_out(self) -> Decimal:
        """Return the units of token out below which a limit order is not executed, else 0."""
        return MONEY.multiply(self.target_price, self.amount) if self.target_price else _ZERO

    @property
    def is_sniper(self) -> bool:
        """Return whether the order waits for a pool, and for no other order."""
        return self.order_type == "sniper"

    def expired(self, at: datetime) -> bool:
        """Return whether the order may do nothing more at this moment."""
        return self.expires_at is not None and at >= self.expires_at

    def fault(self, attempt: int) -> Fault | None:
        """Return the fault the simulation is asked to show in this attempt (from 1)."""
        return self.faults[attempt - 1] if attempt <= len(self.faults) else None


class Tick(Written, frozen=True):
    """What a pair was worth on the market at one moment, before fees and impact.

    `pair` is tokenIn/tokenOut, by symbol; `price` token out per token in.
    """

    pair: str
    price: Price
    at: Moment

    def __post_init__(self) -> None:
        if not _ZERO < self.price <= _MAX_PRICE:
            raise ValueError("a tick's price is above 0 and at most 10^30")


class Liquidity(Written, frozen=True):
    """Liquidity that was added to a pool of a token: of the venue `pool`, in US dollars.

    `price` is US dollars for one token.
    """

    token: TokenName
    pool: VenueName
    usd: AmountOut
    price: Price
    at: Moment

    def __post_init__(self) -> None:
        if not (is_token(self.token) and is_venue(self.pool)):
            raise ValueError("liquidity is of a token, in a pool of a venue")
        if not (_ZERO <= self.usd < _ENDLESS and _ZERO < self.price <= _MAX_PRICE):
            raise ValueError("liquidity is 0 or more, its price above 0 and at most 10^30")


class Quote(Written, frozen=True):
    """What a venue would give for the terms at one moment, its fee already taken off.

    `amount_out` is in units of token out, after fee and price impact; `price` token out per token
    in, from it and the amount; `fee` in units of token in.
    """

    venue: VenueName
    amount_out: AmountOut
    price: AmountOut
    fee: AmountOut
    price_impact: Fraction
    quoted_at: Moment

    def __post_init__(self) -> None:
        if not (
            is_venue(self.venue)
            and _ZERO <= self.amount_out < _ENDLESS
            and _ZERO <= self.price < _ENDLESS
            and _ZERO <= self.fee < _ENDLESS
            and _ZERO <= self.price_impact <= _ONE
        ):
            raise ValueError("a quote is a venue's, of amounts of 0 or more and an impact up to 1")


class Execution(NamedTuple):
    """One attempt as it is sent to a venue; sending the same id again trades at most once."""

    execution_id: str
    venue: VenueName
    attempt: int
    terms: Terms
    min_amount_out: Decimal


class Fill(Written, frozen=True):
    """A settlement, as the chain recorded it.

    `executed_price` is token out per token in; `fee` in units of token in, kept by the venue.
    """

    tx_hash: str
    executed_price: AmountOut
    amount_in: Amount
    amount_out: AmountOut
    fee: AmountOut
    slot: Count

    def __post_init__(self) -> None:
        if not (
            _ZERO < self.amount_in <= MAX_AMOUNT
            and _ZERO <= self.amount_out < _ENDLESS
            and _ZERO <= self.executed_price < _ENDLESS
            and _ZERO <= self.fee < _ENDLESS
        ):
            raise ValueError("a fill is of an amount above 0, for amounts of 0 or more")


def is_amount_out(amount: Decimal) -> bool:
    """Return whether it is one: 0 or more, and finite."""
    return _ZERO <= amount < _ENDLESS


def price_of(amount_out: Decimal, amount_in: Decimal) -> Decimal:
    """Return token out per token in, to 18 significant digits; `amount_in` is above zero."""
    return PRICE.divide(amount_out, amount_in)
