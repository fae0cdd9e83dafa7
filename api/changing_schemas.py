"""What clients send to cancel and to amend orders and are answered, as models."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from api.list_filters import PAIR_PATTERN
from api.placing_schemas import Amount, Price, Slippage, User
from api.schemas import OrderView
from api.shapes import ORDER_ID, Shape
from orders.values import OrderType

MOST = 500
"""How many orders one request cancels."""


class Amendment(Shape):
    """What is to be another. What is left out stays as it is; nothing else can be amended."""

    model_config = ConfigDict(extra="forbid")

    target_price: Price | SkipJsonSchema[None] = Field(
        default=None, description="Of a limit order.", examples=[150.5]
    )
    slippage: Slippage | SkipJsonSchema[None] = Field(default=None, examples=[0.01])
    expires_at: datetime | None = Field(
        default=None,
        description="A time to come, with its zone; null: it has no end any more.",
        examples=["2099-01-31T12:00:00Z"],
    )
    amount: Amount | SkipJsonSchema[None] = Field(
        default=None, description="Units of tokenIn.", examples=[10]
    )


class CancelRequest(Shape):
    """Which orders are to end: one of `userId`, `orderIds` and `all`, by type and pair if you like.

    An order that is named and not of them gets 409 `ORDER_NOT_CHOSEN`.
    """

    model_config = ConfigDict(extra="forbid")

    user_id: User | None = Field(default=None, examples=["alice"])
    order_ids: list[str] | None = Field(
        default=None, min_length=1, max_length=MOST, examples=[[ORDER_ID]]
    )
    all: Literal[True] | None = Field(
        default=None, description="All that you may cancel: without tokens everybody's."
    )
    order_type: OrderType | None = Field(default=None, description="Only those of this type.")
    pair: Annotated[str, Field(pattern=PAIR_PATTERN)] | None = Field(
        default=None, description="Only those of tokenIn/tokenOut.", examples=["SOL/USDC"]
    )


class CancelResult(Shape):
    """What came of the wish about one order: 202 and the order, or an error."""

    order_id: str = Field(examples=[ORDER_ID])
    status: int = Field(examples=[202])
    order: OrderView | None = None
    error: Annotated[Any, WithJsonSchema({"type": ["object", "null"]})] = None


class CancelAnswer(Shape):
    """What came of each."""

    results: list[CancelResult]
    complete: bool = Field(
        description="Whether these are all that were open. If not, send the same request again."
    )
