"""The facts of an order's life, in the order they can happen.

Events are the one public contract of the engine. Nothing that has reached a topic is renamed,
retyped or removed; a new type, field or transition raises `SCHEMA_VERSION`.
"""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PositiveInt

from orders.errors import Reason
from orders.values import (
    AmountOut,
    ClientOrderId,
    Fill,
    OrderId,
    Quote,
    Tags,
    Terms,
    UserId,
    VenueName,
)

SCHEMA_VERSION = 3
MAX_ID = 256
"""Characters of an id of another's making: it stands in each event that follows."""


class OrderEvent(BaseModel):
    """One fact about one order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: str = Field(min_length=1, max_length=64)
    schema_version: int = SCHEMA_VERSION
    order_id: OrderId
    version: PositiveInt = Field(description="Place in the order's own history, from 1.")
    occurred_at: AwareDatetime
    causation_id: str | None = Field(
        default=None, max_length=MAX_ID, description="The event that led to this one."
    )
    correlation_id: str | None = Field(
        default=None, max_length=MAX_ID, description="The request it all began with."
    )
    actor: str = Field(max_length=MAX_ID, description="Who wrote it: api, streams, delays.")


class OrderPlaced(OrderEvent):
    """The customer committed to these terms."""

    type: Literal["OrderPlaced"] = "OrderPlaced"
    user_id: UserId | None = None
    client_order_id: ClientOrderId | None = Field(
        default=None, description="Makes, with the user, the order's id. Since schema version 2."
    )
    tags: Tags = Field(default=(), description="The client's words. Since schema version 3.")
    terms: Terms
    not_after: AwareDatetime = Field(
        description="Appended to the log later than this (broker time), the placement is void."
    )


class FailedQuote(BaseModel):
    """A venue that was asked and did not quote."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    venue: VenueName
    reason: Reason


class OrderRouted(OrderEvent):
    """A venue was chosen for this attempt; nothing has been sent to it yet."""

    type: Literal["OrderRouted"] = "OrderRouted"
    attempt: PositiveInt
    venue: VenueName
    execution_id: str
    min_amount_out: AmountOut
    quotes: tuple[Quote, ...] = Field(min_length=1)
    failed_quotes: tuple[FailedQuote, ...] = ()


class OrderExecuted(OrderEvent):
    """The swap settled."""

    type: Literal["OrderExecuted"] = "OrderExecuted"
    attempt: PositiveInt
    venue: VenueName
    fill: Fill


class OrderRetryScheduled(OrderEvent):
    """An attempt failed in a way that may pass; another one follows after the delay."""

    type: Literal["OrderRetryScheduled"] = "OrderRetryScheduled"
    attempt: PositiveInt = Field(description="The attempt that failed.")
    reason: Reason
    delay: timedelta


class OrderRetryDue(OrderEvent):
    """The delay is over: this attempt may start."""

    type: Literal["OrderRetryDue"] = "OrderRetryDue"
    attempt: PositiveInt = Field(description="The attempt that may now start.")


class OrderFailed(OrderEvent):
    """The order ended without a fill."""

    type: Literal["OrderFailed"] = "OrderFailed"
    reason: Reason
    attempts: int = Field(ge=0, description="How many attempts were made.")


AnyOrderEvent = Annotated[
    OrderPlaced | OrderRouted | OrderExecuted | OrderRetryScheduled | OrderRetryDue | OrderFailed,
    Field(discriminator="type"),
]
