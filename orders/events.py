"""The facts of an order's life, in the order they can happen.

Events are the one public contract of the engine. Nothing that has reached a topic is renamed,
retyped or removed; a new type, field or transition raises `SCHEMA_VERSION`.
"""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from orders.errors import Reason
from orders.values import (
    AmountOut,
    ClientOrderId,
    Fill,
    Liquidity,
    Moment,
    OrderId,
    Quote,
    Tags,
    Terms,
    Tick,
    UserId,
    VenueName,
)

SCHEMA_VERSION = 5
MAX_ID = 256
"""Characters of an id of another's making: it stands in each event that follows."""


class Envelope(BaseModel):
    """What is told of one order, and by whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: str = Field(min_length=1, max_length=64)
    schema_version: int = SCHEMA_VERSION
    order_id: OrderId
    occurred_at: Moment
    causation_id: str | None = Field(
        default=None, max_length=MAX_ID, description="The event that led to this one."
    )
    correlation_id: str | None = Field(
        default=None, max_length=MAX_ID, description="The request it all began with."
    )
    actor: str = Field(max_length=MAX_ID, description="Who wrote it: api, streams, delays.")


class OrderEvent(Envelope):
    """One fact about one order."""

    version: PositiveInt = Field(description="Place in the order's own history, from 1.")


class OrderWish(Envelope):
    """What is asked of an order, or why that is not done: it has no place in the history."""

    version: None = None


class OrderPlaced(OrderEvent):
    """The customer committed to these terms."""

    type: Literal["OrderPlaced"] = "OrderPlaced"
    user_id: UserId | None = None
    client_order_id: ClientOrderId | None = Field(
        default=None, description="Makes, with the user, the order's id. Since schema version 2."
    )
    tags: Tags = Field(default=(), description="The client's words. Since schema version 3.")
    terms: Terms
    not_after: Moment = Field(
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


class OrderRested(OrderEvent):
    """The order waits for its price or its pool. Since schema version 4, as all below."""

    type: Literal["OrderRested"] = "OrderRested"
    rests: PositiveInt = Field(description="How often it came to rest.")
    reason: Reason | None = Field(default=None, description="Why it went back to rest.")
    delay: timedelta | None = Field(
        default=None, description="When it may fire again though no better price came."
    )


class OrderTriggered(OrderEvent):
    """The market is as the order wants it: its first attempt may start."""

    type: Literal["OrderTriggered"] = "OrderTriggered"
    tick: Tick | None = Field(default=None, description="The tick that a limit order fired on.")
    liquidity: Liquidity | None = Field(default=None, description="The pool of a sniper order.")


class OrderCancelRequested(OrderWish):
    """Somebody wants the order to end."""

    type: Literal["OrderCancelRequested"] = "OrderCancelRequested"
    user_id: UserId | None = None


class OrderAmendRequested(OrderWish):
    """Somebody wants other terms for a resting order, as they saw it at a version."""

    type: Literal["OrderAmendRequested"] = "OrderAmendRequested"
    user_id: UserId | None = None
    seen_version: PositiveInt
    terms: Terms


class OrderAmendRejected(OrderWish):
    """The terms stay as they are; `causation_id` is the wish."""

    type: Literal["OrderAmendRejected"] = "OrderAmendRejected"
    reason: Reason


class OrderAmended(OrderEvent):
    """The order rests with new terms; `causation_id` is the wish."""

    type: Literal["OrderAmended"] = "OrderAmended"
    terms: Terms


class OrderCancelled(OrderEvent):
    """The order ended because somebody wanted it to; `causation_id` is the wish."""

    type: Literal["OrderCancelled"] = "OrderCancelled"
    attempts: int = Field(ge=0, description="How many attempts were made.")


class OrderExpired(OrderEvent):
    """The order's time was over."""

    type: Literal["OrderExpired"] = "OrderExpired"
    attempts: int = Field(ge=0, description="How many attempts were made.")


OrderFact = (
    OrderPlaced
    | OrderRouted
    | OrderExecuted
    | OrderRetryScheduled
    | OrderRetryDue
    | OrderFailed
    | OrderRested
    | OrderTriggered
    | OrderAmended
    | OrderCancelled
    | OrderExpired
)
AnyWish = OrderCancelRequested | OrderAmendRequested | OrderAmendRejected
AnyOrderEvent = Annotated[OrderFact | AnyWish, Field(discriminator="type")]
