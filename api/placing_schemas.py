"""What clients send to place orders and are answered, as models: the docs describe them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, WithJsonSchema

from api.amounts import DEFAULT_SLIPPAGE, LIQUIDITY_DECIMALS, MAX_PRICE
from api.conditions import SNIPER_SLIPPAGE, SNIPER_SPENDS
from api.placement import (
    MAX_USER_ID,
    TOKEN_PATTERN,
    USER_ID_PATTERN,
    Wish,
)
from api.shapes import ORDER_ID, Number, Shape
from orders.values import (
    MAX_AMOUNT,
    MAX_TAGS,
    ClientOrderId,
    OrderType,
    Tag,
    TimeInForce,
)
from venues import VENUES

Amount = Annotated[
    Decimal,
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": int(MAX_AMOUNT)}),
]
Slippage = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
_Token = Annotated[str, Field(pattern=TOKEN_PATTERN)]
User = Annotated[str, Field(min_length=1, max_length=MAX_USER_ID, pattern=USER_ID_PATTERN)]

_DEFAULT: dict[str, JsonValue] = {"default": float(DEFAULT_SLIPPAGE)}
_CLIENT_ORDER_ID = Field(
    default=None,
    description="Your name for the order, as in `Idempotency-Key`; needs a userId.",
    examples=["order-17"],
)


Price = Annotated[
    Decimal,
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": int(MAX_PRICE)}),
]
_Dollars = Annotated[
    Decimal, WithJsonSchema({"type": "number", "minimum": 0, "maximum": int(MAX_AMOUNT)})
]


class Timed(Shape):
    """How long an order is tried."""

    time_in_force: TimeInForce = Field(
        default="GTC", description="GTC, good till cancelled, or IOC: one attempt and no retry."
    )
    expires_at: datetime | None = Field(
        default=None,
        description="A time to come, with its zone: when it ends unless it has by then.",
        examples=["2099-01-31T12:00:00Z"],
    )


class ExecuteRequest(Timed):
    """A market order. Unknown members are ignored."""

    token_in: _Token = Field(description="A symbol or a mint address.", examples=["SOL"])
    token_out: _Token = Field(description="A symbol or a mint address.", examples=["USDC"])
    amount: Amount = Field(
        description="Units of tokenIn: above 0, at most 10^15, within the token's decimals.",
        examples=[10],
    )
    slippage: Slippage = Field(
        default=DEFAULT_SLIPPAGE,
        description="A fraction from 0 to 1.",
        examples=[0.01],
        json_schema_extra=_DEFAULT,
    )
    user_id: User | None = Field(default=None, examples=["alice"])
    client_order_id: ClientOrderId | None = _CLIENT_ORDER_ID
    tags: list[Tag] = Field(
        default=[],
        max_length=MAX_TAGS,
        json_schema_extra={"uniqueItems": True},
        description="Your words for orders that belong together; lists can be asked for by one.",
        examples=[["desk-7"]],
    )


class LegacyRequest(Timed):
    """A market order as the second family of clients writes it. Unknown members are ignored."""

    token_in: _Token = Field(examples=["SOL"])
    token_out: _Token = Field(examples=["USDC"])
    amount_in: Amount = Field(description="As `amount` of /api/orders/execute.", examples=[10])
    user_id: User = Field(examples=["alice"])
    slippage: Slippage = Field(
        default=DEFAULT_SLIPPAGE, examples=[0.01], json_schema_extra=_DEFAULT
    )
    client_order_id: ClientOrderId | None = _CLIENT_ORDER_ID


class Accepted(Shape):
    """The order is in the log."""

    order_id: str = Field(examples=[ORDER_ID])
    status: Literal["pending"] = "pending"
    message: str = "Order created and queued successfully"
    websocket_url: str = Field(examples=[f"/ws/{ORDER_ID}"])


class OrderRequest(ExecuteRequest):
    """An order of any type. Unknown members are refused."""

    model_config = ConfigDict(extra="forbid")

    token_in: _Token = Field(
        default=SNIPER_SPENDS,
        description=f"A symbol or a mint address. Only sniper orders may leave it out: "
        f"{SNIPER_SPENDS}.",
        examples=["SOL"],
    )
    slippage: Slippage = Field(
        default=DEFAULT_SLIPPAGE,
        description=f"A fraction from 0 to 1. Sniper orders have {SNIPER_SLIPPAGE} by default.",
        examples=[0.01],
        json_schema_extra=_DEFAULT,
    )
    order_type: OrderType = "market"
    target_price: Price | None = Field(
        default=None,
        description="Limit orders have it and no others: the least tokenOut for one tokenIn, after "
        "fee and price impact, whatever the slippage.",
        examples=[151.2],
    )
    pool_provider: Annotated[str, WithJsonSchema({"enum": [*VENUES]})] | None = Field(
        default=None, description="Sniper orders only: whose pool.", examples=["RAYDIUM"]
    )
    min_liquidity: _Dollars | None = Field(
        default=None,
        description="Sniper orders only: the US dollars in the pool, with at most "
        f"{LIQUIDITY_DECIMALS} decimals.",
        examples=[50000],
    )
    validate_only: bool = Field(default=False, description="Look at the order, place nothing.")


class Valid(Shape):
    """The order could be placed."""

    valid: Literal[True] = True
    order_type: str = Field(examples=["market"])
    token_in: str = Field(examples=["SOL"])
    token_out: str = Field(examples=["USDC"])
    amount: Number = Field(examples=[10])
    slippage: Number = Field(examples=[0.01])
    target_price: Number | None = Field(examples=[151.2])
    expires_at: datetime | None
    time_in_force: TimeInForce
    pool_provider: str | None = Field(examples=["RAYDIUM"])
    min_liquidity: Number | None = Field(examples=[50000])
    order_id: str | None = Field(
        description="The id it would have, where its client names it.", examples=[ORDER_ID]
    )


class BatchRequest(Shape):
    """Some orders, each as `/api/orders` takes it."""

    model_config = ConfigDict(extra="forbid")

    orders: list[OrderRequest] = Field(min_length=1, max_length=100)


class BatchResult(Shape):
    """What came of one order: its status, and the body it would have been answered with."""

    status: int = Field(examples=[202])
    order: Accepted | None = None
    valid: Valid | None = None
    replayed: bool = Field(default=False, description="Whether it was placed before.")
    log_position: str | None = Field(default=None, description="As `X-Log-Position`.")
    error: Annotated[Any, WithJsonSchema({"type": ["object", "null"]})] = None


class BatchAnswer(Shape):
    """What came of each order, in their sequence."""

    results: list[BatchResult]


class Received(Shape):
    """The order is in the log."""

    message: str = "Order received"
    order_id: str = Field(examples=[ORDER_ID])
    status: Literal["pending"] = "pending"


def valid(wish: Wish) -> Valid:
    """Return what a client is told of an order that could be placed."""
    terms = wish.terms
    return Valid(
        order_type=terms.order_type,
        token_in=terms.token_in,
        token_out=terms.token_out,
        amount=terms.amount,
        slippage=terms.slippage,
        target_price=terms.target_price,
        expires_at=terms.expires_at,
        time_in_force=terms.time_in_force,
        pool_provider=terms.pool_provider,
        min_liquidity=terms.min_liquidity,
        order_id=wish.order_id,
    )
