"""What the API sends and takes, as models: the answers are made of them, the docs describe them."""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema
from pydantic.alias_generators import to_camel

from api import exact
from api.explain import Step
from api.messages import reason_text
from api.placement import (
    DEFAULT_SLIPPAGE,
    MAX_USER_ID,
    TOKEN_PATTERN,
    USER_ID_PATTERN,
    Wish,
)
from api.ports import EventRow, OrderRow
from orders.state import Status
from orders.values import MAX_AMOUNT, ClientOrderId

Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]
_Amount = Annotated[
    Decimal,
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": int(MAX_AMOUNT)}),
]
_Slippage = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
_Token = Annotated[str, Field(pattern=TOKEN_PATTERN)]
_User = Annotated[str, Field(min_length=1, max_length=MAX_USER_ID, pattern=USER_ID_PATTERN)]

_ID = "0199b1c2-7a44-7c11-9d3e-5f0a4b6c8d21"
_DEFAULT: dict[str, JsonValue] = {"default": float(DEFAULT_SLIPPAGE)}
_TIME = "2025-01-01T12:00:00.000000Z"
_CLIENT_ORDER_ID = Field(
    default=None,
    description="Your name for the order, as in `Idempotency-Key`; needs a userId.",
    examples=["order-17"],
)


class Shape(BaseModel):
    """A JSON object with camelCase names."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)


class ExecuteRequest(Shape):
    """A market order. Unknown members are ignored."""

    token_in: _Token = Field(description="A symbol or a mint address.", examples=["SOL"])
    token_out: _Token = Field(description="A symbol or a mint address.", examples=["USDC"])
    amount: _Amount = Field(
        description="Units of tokenIn: above 0, at most 10^15, within the token's decimals.",
        examples=[10],
    )
    slippage: _Slippage = Field(
        default=DEFAULT_SLIPPAGE,
        description="A fraction from 0 to 1.",
        examples=[0.01],
        json_schema_extra=_DEFAULT,
    )
    user_id: _User | None = Field(default=None, examples=["alice"])
    client_order_id: ClientOrderId | None = _CLIENT_ORDER_ID


class LegacyRequest(Shape):
    """A market order as the second family of clients writes it. Unknown members are ignored."""

    token_in: _Token = Field(examples=["SOL"])
    token_out: _Token = Field(examples=["USDC"])
    amount_in: _Amount = Field(description="As `amount` of /api/orders/execute.", examples=[10])
    user_id: _User = Field(examples=["alice"])
    slippage: _Slippage = Field(
        default=DEFAULT_SLIPPAGE, examples=[0.01], json_schema_extra=_DEFAULT
    )
    client_order_id: ClientOrderId | None = _CLIENT_ORDER_ID


class Accepted(Shape):
    """The order is in the log."""

    order_id: str = Field(examples=[_ID])
    status: Literal["pending"] = "pending"
    message: str = "Order created and queued successfully"
    websocket_url: str = Field(examples=[f"/ws/{_ID}"])


class OrderRequest(ExecuteRequest):
    """An order of any type. Unknown members are ignored."""

    order_type: Literal["market"] = "market"
    validate_only: bool = Field(default=False, description="Look at the order, place nothing.")


class Valid(Shape):
    """The order could be placed."""

    valid: Literal[True] = True
    order_type: str = Field(examples=["market"])
    token_in: str = Field(examples=["SOL"])
    token_out: str = Field(examples=["USDC"])
    amount: Number = Field(examples=[10])
    slippage: Number = Field(examples=[0.01])
    order_id: str | None = Field(
        description="The id it would have, where its client names it.", examples=[_ID]
    )


class BatchRequest(Shape):
    """Some orders, each as `/api/orders` takes it."""

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
    order_id: str = Field(examples=[_ID])
    status: Literal["pending"] = "pending"


class OrderView(Shape):
    """An order as it is now."""

    id: str = Field(examples=[_ID])
    user_id: str | None = Field(examples=["alice"])
    order_type: str = Field(examples=["market"])
    token_in: str = Field(examples=["SOL"])
    token_out: str = Field(examples=["USDC"])
    amount: Number | None = Field(examples=[10])
    slippage: Number | None = Field(examples=[0.01])
    status: Status
    selected_dex: str | None = Field(examples=["RAYDIUM"])
    executed_price: Number | None = Field(
        description="The price of one unit of tokenIn in tokenOut.", examples=[150.123456]
    )
    amount_out: Number | None = Field(examples=[1501.23456])
    tx_hash: str | None
    attempts: int = Field(description="How many attempts were made.", examples=[1])
    next_retry_at: datetime | None
    error_reason: str | None = Field(description="Why the last attempt failed: `CODE: sentence`.")
    version: int = Field(description="How many events made the order what it is.", examples=[3])
    created_at: datetime = Field(examples=[_TIME])
    updated_at: datetime = Field(examples=[_TIME])


class OrderPage(Shape):
    """Some orders, newest first."""

    total: int = Field(description="How many orders the filters let through, on all pages.")
    orders: list[OrderView]
    next_cursor: str | None = Field(description="The `cursor` of the next page, null on the last.")
    timestamp: datetime = Field(examples=[_TIME])


class LegacyOrder(BaseModel):
    """An order as the second family of clients reads it."""

    model_config = ConfigDict(frozen=True)

    order_id: str = Field(examples=[_ID])
    user_id: str | None = Field(examples=["alice"])
    token_in: str = Field(examples=["SOL"])
    token_out: str = Field(examples=["USDC"])
    amount_in: Number | None = Field(examples=[10])
    status: Status
    execution_price: Number | None = Field(examples=[150.123456])
    tx_hash: str | None
    error_reason: str | None
    retry_count: int = Field(description="Attempts after the first one.", examples=[0])
    created_at: datetime = Field(examples=[_TIME])
    updated_at: datetime = Field(examples=[_TIME])


class EventView(Shape):
    """A record of the order's log."""

    seq: int = Field(description="Its place among the records of all orders.", examples=[42])
    version: int | None = Field(description="Its place in the order's history.", examples=[1])
    type: str = Field(examples=["OrderPlaced"])
    superseded: bool = Field(description="Whether an earlier record with this version won.")
    occurred_at: datetime = Field(examples=[_TIME])
    appended_at: datetime = Field(description="By the clock of the log.", examples=[_TIME])
    data: Annotated[Any, WithJsonSchema({"type": "object", "additionalProperties": True})] = Field(
        description="The event as it stands in the log."
    )


class FeedRecord(EventView):
    """A record of the feed."""

    order_id: str = Field(examples=[_ID])


class ExplainedStep(Shape):
    """One event of an order's story."""

    seq: int = Field(examples=[42])
    version: int = Field(examples=[2])
    type: str = Field(examples=["OrderRouted"])
    at: datetime = Field(description="By the clock of the log.", examples=[_TIME])
    text: str = Field(description="What happened and why, in a sentence.")
    data: Annotated[Any, WithJsonSchema({"type": "object", "additionalProperties": True})] = Field(
        description="The figures: for OrderRouted each quote, what the choice cost against the "
        "best and gained against the worst, and whether it comes out the same when recomputed; "
        "for OrderExecuted the slippage against the quote (a fraction of it) and the fee."
    )


class Explanation(Shape):
    """Why an order went as it did."""

    order_id: str = Field(examples=[_ID])
    timeline: list[ExplainedStep] = Field(description="Every event that counts, oldest first.")


class HealthChecks(Shape):
    """What was asked."""

    kafka: Literal["ok", "down"]
    postgres: Literal["ok", "down"]
    projection_lag: int | None = Field(description="Events; null when unknown.", examples=[0])


class HealthView(Shape):
    """Whether orders can be accepted and read."""

    status: Literal["ok", "degraded", "down"]
    service: str = Field(examples=["order-execution-engine"])
    version: str = Field(examples=["0.1.0"])
    uptime: int = Field(description="Seconds.", examples=[60])
    timestamp: datetime = Field(examples=[_TIME])
    checks: HealthChecks


class ErrorPart(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="The member that is wrong.")
    code: str
    message: str


class ErrorView(Shape):
    """Every error has these members; some have more. A problem of RFC 9457."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Where this kind of error is described.")
    title: str = Field(description="The name of the error, for people.")
    status: int = Field(description="The status of the answer.")
    detail: str = Field(description="The same as `message`.")
    instance: str | None = Field(default=None, description="The path that was asked for.")
    error: str = Field(description="The name of the error, for programs.")
    message: str = Field(description="A sentence for people, with what to do.")
    code: str = Field(description="The number of the rule (ERR_001 …), else the name again.")
    field: str | None = Field(default=None, description="The member that is wrong.")
    errors: list[ErrorPart] = Field(description="The same for programs that expect a list.")
    retryable: bool = Field(description="Whether sending the same again is safe and may help.")
    request_id: str | None = Field(default=None, description="As in `X-Request-Id`.")


class ErrorKind(Shape):
    """A kind of error, as it is told before its field and its order are known."""

    type: str = Field(examples=["/problems/ORDER_NOT_FOUND"])
    title: str = Field(examples=["Order not found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["ORDER_NOT_FOUND"])
    detail: str


def valid(wish: Wish) -> Valid:
    """Return what a client is told of an order that could be placed."""
    terms = wish.terms
    return Valid(
        order_type=terms.order_type,
        token_in=terms.token_in,
        token_out=terms.token_out,
        amount=terms.amount,
        slippage=terms.slippage,
        order_id=wish.order_id,
    )


def order_view(row: OrderRow) -> OrderView:
    """Return an order for the first family of clients."""
    return OrderView(
        id=row.order_id,
        user_id=row.user_id,
        order_type=row.order_type,
        token_in=row.token_in,
        token_out=row.token_out,
        amount=row.amount,
        slippage=row.slippage,
        status=row.status,
        selected_dex=row.selected_dex,
        executed_price=row.executed_price,
        amount_out=row.amount_out,
        tx_hash=row.tx_hash,
        attempts=row.attempts,
        next_retry_at=row.next_retry_at,
        error_reason=reason_text(row.error_code, row.error_reason),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def legacy_order(row: OrderRow) -> LegacyOrder:
    """Return an order for the second family of clients."""
    return LegacyOrder(
        order_id=row.order_id,
        user_id=row.user_id,
        token_in=row.token_in,
        token_out=row.token_out,
        amount_in=row.amount,
        status=row.status,
        execution_price=row.executed_price,
        tx_hash=row.tx_hash,
        error_reason=reason_text(row.error_code, row.error_reason),
        retry_count=max(row.attempts - 1, 0),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def explanation(order_id: str, steps: list[Step]) -> Explanation:
    """Return the story of an order."""
    timeline = [ExplainedStep(**asdict(step)) for step in steps]
    return Explanation(order_id=order_id, timeline=timeline)


def event_view(row: EventRow) -> EventView:
    """Return a record of an order's log."""
    return EventView(
        seq=row.seq,
        version=row.version,
        type=row.type,
        superseded=row.superseded,
        occurred_at=row.occurred_at,
        appended_at=row.appended_at,
        data=exact.Raw(row.data),
    )
