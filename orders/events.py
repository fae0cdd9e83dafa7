"""The facts of an order's life, in the order they can happen.

Events are the one public contract of the engine. Nothing that has reached a topic is renamed,
retyped or removed; a new type, field or transition raises `SCHEMA_VERSION`.
"""

from datetime import timedelta
from typing import Annotated, Literal

from msgspec import Meta
from pydantic import Field

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
    is_amount_out,
    is_venue,
)
from orders.written import Count, Positive, Written

SCHEMA_VERSION = 5
MAX_ID = 256
"""Characters of an id of another's making: it stands in each event that follows."""


_EventId = Annotated[str, Field(min_length=1, max_length=64), Meta(min_length=1, max_length=64)]
_OtherId = Annotated[str, Field(max_length=MAX_ID), Meta(max_length=MAX_ID)]


class Envelope(Written, frozen=True, kw_only=True):
    """What is told of one order, and by whom: api, streams or delays.

    `causation_id` is the event that led to this one, `correlation_id` the request it all began
    with.
    """

    event_id: _EventId
    schema_version: int = SCHEMA_VERSION
    order_id: OrderId
    occurred_at: Moment
    causation_id: _OtherId | None = None
    correlation_id: _OtherId | None = None
    actor: _OtherId


class OrderEvent(Envelope, frozen=True, kw_only=True):
    """One fact about one order; `version` is its place in the order's own history, from 1."""

    version: Positive


class OrderWish(Envelope, frozen=True, kw_only=True):
    """What is asked of an order, or why that is not done: it has no place in the history."""

    version: None = None


class OrderPlaced(OrderEvent, frozen=True, kw_only=True):
    """The customer committed to these terms.

    Appended to the log later than `not_after` (broker time), the placement is void. The client's
    name for the order, since schema version 2, makes with the user the order's id; `tags`, since
    version 3, are the client's words.
    """

    type: Literal["OrderPlaced"] = "OrderPlaced"
    user_id: UserId | None = None
    client_order_id: ClientOrderId | None = None
    tags: Tags = ()
    terms: Terms
    not_after: Moment


class FailedQuote(Written, frozen=True):
    """A venue that was asked and did not quote."""

    venue: VenueName
    reason: Reason

    def __post_init__(self) -> None:
        if not is_venue(self.venue):
            raise ValueError("a venue's name is of capitals")


class OrderRouted(OrderEvent, frozen=True, kw_only=True):
    """A venue was chosen for this attempt; nothing has been sent to it yet."""

    type: Literal["OrderRouted"] = "OrderRouted"
    attempt: Positive
    venue: VenueName
    execution_id: str
    min_amount_out: AmountOut
    quotes: Annotated[tuple[Quote, ...], Field(min_length=1), Meta(min_length=1)]
    failed_quotes: tuple[FailedQuote, ...] = ()

    def __post_init__(self) -> None:
        if not (is_venue(self.venue) and is_amount_out(self.min_amount_out)):
            raise ValueError("an order goes to a venue, for an amount of 0 or more")


class OrderExecuted(OrderEvent, frozen=True, kw_only=True):
    """The swap settled."""

    type: Literal["OrderExecuted"] = "OrderExecuted"
    attempt: Positive
    venue: VenueName
    fill: Fill

    def __post_init__(self) -> None:
        if not is_venue(self.venue):
            raise ValueError("an order is executed by a venue")


class OrderRetryScheduled(OrderEvent, frozen=True, kw_only=True):
    """This attempt failed in a way that may pass; another one follows after the delay."""

    type: Literal["OrderRetryScheduled"] = "OrderRetryScheduled"
    attempt: Positive
    reason: Reason
    delay: timedelta


class OrderRetryDue(OrderEvent, frozen=True, kw_only=True):
    """The delay is over: this attempt may start."""

    type: Literal["OrderRetryDue"] = "OrderRetryDue"
    attempt: Positive


class OrderFailed(OrderEvent, frozen=True, kw_only=True):
    """The order ended without a fill, after so many attempts."""

    type: Literal["OrderFailed"] = "OrderFailed"
    reason: Reason
    attempts: Count


class OrderRested(OrderEvent, frozen=True, kw_only=True):
    """The order came to rest for so many times. Since schema version 4, as all below.

    It waits for its price or its pool. Gone back to rest, it has the reason; when the `delay` is
    over it may fire again though no better price came.
    """

    type: Literal["OrderRested"] = "OrderRested"
    rests: Positive
    reason: Reason | None = None
    delay: timedelta | None = None


class OrderTriggered(OrderEvent, frozen=True, kw_only=True):
    """The market is as the order wants it: its first attempt may start.

    A limit order fires on a tick, a sniper order on the liquidity of a pool.
    """

    type: Literal["OrderTriggered"] = "OrderTriggered"
    tick: Tick | None = None
    liquidity: Liquidity | None = None


class OrderCancelRequested(OrderWish, frozen=True, kw_only=True):
    """Somebody wants the order to end."""

    type: Literal["OrderCancelRequested"] = "OrderCancelRequested"
    user_id: UserId | None = None


class OrderAmendRequested(OrderWish, frozen=True, kw_only=True):
    """Somebody wants other terms for a resting order, as they saw it at a version."""

    type: Literal["OrderAmendRequested"] = "OrderAmendRequested"
    user_id: UserId | None = None
    seen_version: Positive
    terms: Terms


class OrderAmendRejected(OrderWish, frozen=True, kw_only=True):
    """The terms stay as they are; `causation_id` is the wish."""

    type: Literal["OrderAmendRejected"] = "OrderAmendRejected"
    reason: Reason


class OrderAmended(OrderEvent, frozen=True, kw_only=True):
    """The order rests with new terms; `causation_id` is the wish."""

    type: Literal["OrderAmended"] = "OrderAmended"
    terms: Terms


class OrderCancelled(OrderEvent, frozen=True, kw_only=True):
    """The order ended because somebody wanted it to; `causation_id` is the wish."""

    type: Literal["OrderCancelled"] = "OrderCancelled"
    attempts: Count


class OrderExpired(OrderEvent, frozen=True, kw_only=True):
    """The order's time was over."""

    type: Literal["OrderExpired"] = "OrderExpired"
    attempts: Count


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
