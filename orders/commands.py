"""What the shells ask of an order. A command carries its moment, its id and its author."""

from datetime import datetime

from msgspec import Struct

from orders.errors import Reason
from orders.events import FailedQuote
from orders.values import Fill, Liquidity, Quote, Terms, Tick


class Stamp(Struct, frozen=True):
    """The id, moment (UTC) and author that the event of a command gets."""

    event_id: str
    at: datetime
    actor: str


class PlaceOrder(Struct, frozen=True):
    """Begin an order; void when it reaches the log after `not_after`."""

    order_id: str
    user_id: str | None
    client_order_id: str | None
    tags: tuple[str, ...]
    terms: Terms
    not_after: datetime
    correlation_id: str | None
    stamp: Stamp


class RouteOrder(Struct, frozen=True):
    """Choose a venue from what they answered."""

    quotes: tuple[Quote, ...]
    failed_quotes: tuple[FailedQuote, ...]
    stamp: Stamp


class RecordFill(Struct, frozen=True):
    """The attempt settled."""

    fill: Fill
    stamp: Stamp


class RecordFailure(Struct, frozen=True):
    """The attempt is known to have traded nothing, and why."""

    reason: Reason
    stamp: Stamp


class BeginRetry(Struct, frozen=True):
    """The delay of a scheduled retry is over."""

    stamp: Stamp


class RestOrder(Struct, frozen=True):
    """Let a new order wait for its price or its pool."""

    stamp: Stamp


class TriggerOrder(Struct, frozen=True):
    """Start an order for what was seen on the market: a limit order's tick, a sniper's pool."""

    seen: Tick | Liquidity
    stamp: Stamp


class AnswerOrder(Struct, frozen=True):
    """Do what is asked of the order, or what its time calls for."""

    stamp: Stamp


Command = (
    PlaceOrder
    | RouteOrder
    | RecordFill
    | RecordFailure
    | BeginRetry
    | RestOrder
    | TriggerOrder
    | AnswerOrder
)
