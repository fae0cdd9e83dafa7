"""The nouns of the trade: amounts, tokens, terms, quotes, fills. No rule of use lives here."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.dataclasses import dataclass

MONEY = Context(prec=80, rounding=ROUND_HALF_EVEN)
"""Wide enough for the product of any two accepted amounts, every digit kept."""

PRICE = Context(prec=18, rounding=ROUND_HALF_EVEN)
"""Prices are quotients: they are kept to 18 significant digits."""

MAX_AMOUNT = Decimal(10) ** 15


def _slim(at: datetime) -> datetime:
    # Not `replace`, which takes three times as long.
    return at if at.utcoffset() else datetime.combine(at.date(), at.time(), UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_slim)]
"""A time, as a rule in UTC. Every open order keeps several: those have one time zone in common,
where each that is read would bring its own."""

OrderType = Literal["market", "limit", "sniper"]
TimeInForce = Literal["GTC", "IOC"]
"""Good till cancelled, or immediate or cancel: one attempt and no retry."""

OrderId = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
]
TokenName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{2,44}$")]
VENUE_PATTERN = r"^[A-Z][A-Z0-9_]{1,19}$"
VenueName = Annotated[str, StringConstraints(pattern=VENUE_PATTERN)]
UserId = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\x00]+$")]
ClientOrderId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
"""The name a client gives its order: visible ASCII. With its user it makes the order's id."""

_UNPRINTABLE = r"\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
Tag = Annotated[str, StringConstraints(pattern=rf"^[^{_UNPRINTABLE}]{{1,64}}$")]
"""A word of the client's for orders that belong together: no control character in it, also none
of those that turn the direction of a text or take no room."""

MAX_TAGS = 10
Tags = Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS)]

Amount = Annotated[Decimal, Field(gt=0, le=MAX_AMOUNT)]
AmountOut = Annotated[Decimal, Field(ge=0)]
Fraction = Annotated[Decimal, Field(ge=0, le=1)]
Price = Annotated[Decimal, Field(gt=0, le=Decimal(10) ** 30)]

Fault = Literal[
    "quote-glitch", "no-liquidity", "glitch", "lost-answer", "price-moved", "hang", "garbage"
]
"""What a simulated venue can be told to do wrong with one attempt; real venues know none of it."""


class Value(BaseModel):
    """A value without identity: equal when its members are."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Terms:
    """What the customer committed to: so much of one token for another, within a slippage.

    Every open order keeps its terms in memory: with slots they take a third of a model's bytes.
    """

    order_type: OrderType = "market"
    token_in: TokenName
    token_out: TokenName
    amount: Amount = Field(description="Units of token in, not base units.")
    slippage: Fraction = Field(description="Largest loss against the quote, as a fraction of it.")
    faults: tuple[Fault | None, ...] = Field(
        default=(), max_length=8, description="Simulation only: the fault of attempt 1, 2, 3 …"
    )
    time_in_force: TimeInForce = "GTC"
    expires_at: Moment | None = None
    target_price: Price | None = Field(
        default=None, description="Limit: the least token out per token in, after fee and impact."
    )
    pool_provider: VenueName | None = Field(default=None, description="Sniper: whose pool.")
    min_liquidity: AmountOut | None = Field(default=None, description="Sniper: US dollars in it.")

    @model_validator(mode="after")
    def _fit_the_type(self) -> Self:
        if (self.target_price is not None) != (self.order_type == "limit"):
            raise ValueError("a limit order has a target price, and no other has one")
        if self.order_type != "sniper" and (self.pool_provider or self.min_liquidity is not None):
            raise ValueError("only a sniper order chooses its pool")
        return self

    @property
    def least_out(self) -> Decimal:
        """Return the units of token out below which a limit order is not executed, else 0."""
        return MONEY.multiply(self.target_price, self.amount) if self.target_price else Decimal(0)

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


class Tick(Value):
    """What a pair was worth on the market at one moment, before fees and impact."""

    pair: str = Field(description="tokenIn/tokenOut, by symbol.")
    price: Price = Field(description="Token out per token in.")
    at: AwareDatetime


class Liquidity(Value):
    """Liquidity that was added to a pool of a token."""

    token: TokenName
    pool: VenueName = Field(description="The venue that holds the pool.")
    usd: AmountOut = Field(description="US dollars of liquidity in it.")
    price: Price = Field(description="US dollars for one token.")
    at: AwareDatetime


class Quote(Value):
    """What a venue would give for the terms at one moment, its fee already taken off."""

    venue: VenueName
    amount_out: AmountOut = Field(description="Units of token out after fee and price impact.")
    price: Decimal = Field(ge=0, description="Token out per token in, from amount out and amount.")
    fee: Decimal = Field(ge=0, description="Units of token in kept by the venue.")
    price_impact: Fraction
    quoted_at: AwareDatetime


class Execution(NamedTuple):
    """One attempt as it is sent to a venue; sending the same id again trades at most once."""

    execution_id: str
    venue: VenueName
    attempt: int
    terms: Terms
    min_amount_out: Decimal


class Fill(Value):
    """A settlement, as the chain recorded it."""

    tx_hash: str
    executed_price: Decimal = Field(ge=0, description="Token out per token in.")
    amount_in: Amount
    amount_out: AmountOut
    fee: Decimal = Field(ge=0, description="Units of token in kept by the venue.")
    slot: int = Field(ge=0)


def price_of(amount_out: Decimal, amount_in: Decimal) -> Decimal:
    """Return token out per token in, to 18 significant digits; `amount_in` is above zero."""
    return PRICE.divide(amount_out, amount_in)
