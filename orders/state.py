"""An order as its events tell it: the states it can be in. How it moves between them is `fold`."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, assert_never

from msgspec import Struct

from orders.errors import Code, Reason
from orders.requests import Amend, Cancel, Crowded, Wish
from orders.values import Execution, Fill, Moment, Terms

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


class Placement(Struct, frozen=True, kw_only=True, gc=False):
    """What an order is; of this only the terms may change, by an amendment.

    An older engine's delay records, which hold states, know no tags.
    """

    order_id: str
    user_id: str | None
    client_order_id: str | None
    terms: Terms
    placed_at: Moment
    not_after: Moment
    correlation_id: str | None
    tags: tuple[str, ...] = ()


class Placed(Struct, frozen=True, kw_only=True, gc=False, tag_field="kind", tag=str.lower):
    """What every placed order has.

    `attempts` were made since it was triggered; it was given a venue `routes` times and came to
    rest `rests` times; `fired_at` is the price of the tick that triggered it last.
    """

    placement: Placement
    version: int
    attempts: int
    routes: int
    updated_at: Moment
    cause: str
    rests: int = 0
    fired_at: Decimal | None = None
    wishes: tuple[Wish, ...] = ()

    @property
    def cancel(self) -> Cancel | None:
        """Return the wish to end, if there is one."""
        for wish in self.wishes:
            if isinstance(wish, Cancel):
                return wish
        return None

    @property
    def amend(self) -> Amend | None:
        """Return the oldest wish for other terms that may be met, if there is one."""
        for wish in self.wishes:
            if isinstance(wish, Amend):
                return wish
        return None

    @property
    def unanswered(self) -> Amend | Crowded | None:
        """Return the oldest wish for other terms, if there is one: it is answered next."""
        for wish in self.wishes:
            if not isinstance(wish, Cancel):
                return wish
        return None


class New(Placed, frozen=True, kw_only=True):
    """A limit or sniper order that neither rests nor was triggered yet."""


class Resting(Placed, frozen=True, kw_only=True):
    """Waits for its price or its pool.

    One that fired and fell short does so again on a better price than it fired at, or after
    `delay`. What the market did counts from `since`, else from `updated_at` on.
    """

    reason: Reason | None
    delay: timedelta | None
    since: Moment | None = None


class Pending(Placed, frozen=True, kw_only=True):
    """Attempt `attempts + 1` may start."""

    last_failure: Reason | None = None


class Routed(Placed, frozen=True, kw_only=True):
    """A venue is chosen; the execution may have been sent."""

    venue: str
    execution_id: str
    min_amount_out: Decimal

    @property
    def execution(self) -> Execution:
        """Return the attempt as it is sent to the venue."""
        return Execution(
            execution_id=self.execution_id,
            venue=self.venue,
            attempt=self.attempts,
            terms=self.placement.terms,
            min_amount_out=self.min_amount_out,
        )


class Waiting(Placed, frozen=True, kw_only=True):
    """The last attempt failed; the next one starts when the delay is over."""

    reason: Reason
    delay: timedelta
    venue: str | None

    @property
    def due_at(self) -> datetime:
        """Return when the next attempt may start, within the years 1 to 9999."""
        try:
            return self.updated_at + self.delay
        except OverflowError:
            return _LATEST if self.delay > timedelta() else _EARLIEST


class Completed(Placed, frozen=True, kw_only=True):
    """The swap settled. Final."""

    venue: str
    fill: Fill


class Failed(Placed, frozen=True, kw_only=True):
    """The order ended without a fill. Final."""

    reason: Reason
    venue: str | None


class Cancelled(Placed, frozen=True, kw_only=True):
    """The order ended as somebody wanted. Final."""

    venue: str | None


class Expired(Placed, frozen=True, kw_only=True):
    """The order's time was over. Final."""

    venue: str | None


class Quarantined(Placed, frozen=True, kw_only=True):
    """The log told the impossible of this order: it starts nothing more.

    `held` is the execution that may have been sent: it is still resolved and recorded.
    """

    why: str
    held: Routed | None


class Unplaced(Struct, frozen=True):
    """No placement has been read."""

    version: int = 0


UNPLACED = Unplaced()
Closed = Completed | Failed | Cancelled | Expired
Open = New | Resting | Pending | Routed | Waiting | Quarantined
Order = Unplaced | Open | Closed
Status = Literal["pending", "open", "executing", "completed", "failed", "cancelled", "expired"]
_STATUS: dict[type[Placed], Status] = {
    New: "pending",
    Resting: "open",
    Routed: "executing",
    Waiting: "executing",
    Completed: "completed",
    Failed: "failed",
    Cancelled: "cancelled",
    Expired: "expired",
}


def status(order: Open | Closed) -> Status:
    """Return the word people see."""
    match order:
        case Pending(attempts=0, routes=0, rests=0, fired_at=None):
            return "pending"
        case Pending():
            return "executing"
        case Quarantined():
            return "executing" if order.attempts else "pending"
        case _:
            return _STATUS[type(order)]


def venue(order: Open | Closed) -> str | None:
    """Return the venue of the present attempt, or of the last one."""
    match order:
        case New() | Resting() | Pending():
            return None
        case Routed() | Waiting() | Completed() | Failed() | Cancelled() | Expired():
            return order.venue
        case Quarantined():
            return order.held.venue if order.held else None
        case _:
            assert_never(order)


def reason(order: Open | Closed) -> Reason | None:
    """Return why the last attempt failed, or what is wrong with the order's history."""
    match order:
        case New() | Routed() | Completed():
            return None
        case Pending():
            return order.last_failure
        case Waiting() | Failed() | Resting():
            return order.reason
        case Quarantined():
            return Reason(code=Code.QUARANTINED, message=order.why)
        case Cancelled():
            return Reason(code=Code.CANCELLED, message="cancelled")
        case Expired():
            return Reason(code=Code.EXPIRED, message="expired")
        case _:
            assert_never(order)
