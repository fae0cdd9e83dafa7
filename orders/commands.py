"""What the shells ask of an order. A command carries its moment, its id and its author."""

from dataclasses import dataclass
from datetime import datetime

from orders.errors import Reason
from orders.events import FailedQuote
from orders.values import Fill, Liquidity, Quote, Terms, Tick


@dataclass(frozen=True, slots=True)
class Stamp:
    """The id, moment (UTC) and author that the event of a command gets."""

    event_id: str
    at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Begin an order; void when it reaches the log after `not_after`."""

    order_id: str
    user_id: str | None
    client_order_id: str | None
    tags: tuple[str, ...]
    terms: Terms
    not_after: datetime
    correlation_id: str | None
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class RouteOrder:
    """Choose a venue from what they answered."""

    quotes: tuple[Quote, ...]
    failed_quotes: tuple[FailedQuote, ...]
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class RecordFill:
    """The attempt settled."""

    fill: Fill
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class RecordFailure:
    """The attempt is known to have traded nothing, and why."""

    reason: Reason
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class BeginRetry:
    """The delay of a scheduled retry is over."""

    stamp: Stamp


@dataclass(frozen=True, slots=True)
class RestOrder:
    """Let a new order wait for its price or its pool."""

    stamp: Stamp


@dataclass(frozen=True, slots=True)
class TriggerOrder:
    """Start an order for what was seen on the market: a limit order's tick, a sniper's pool."""

    seen: Tick | Liquidity
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class AnswerOrder:
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
