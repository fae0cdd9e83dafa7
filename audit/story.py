"""One order as the log tells it: a plain story, heard event by event. It knows nothing of the fold.

The first event with a version counts; what comes with a version that was heard, or after the end,
is superseded. What cannot follow makes the order quarantined: from then on only the end of an
execution that was already sent is heard.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Final, NamedTuple

from orders.events import (
    AnyOrderEvent,
    OrderExecuted,
    OrderFailed,
    OrderPlaced,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
)
from orders.values import Fill

NEXT: Final[Mapping[tuple[str, str], str]] = {
    ("pending", "OrderRouted"): "routed",
    ("pending", "OrderRetryScheduled"): "waiting",
    ("pending", "OrderFailed"): "failed",
    ("routed", "OrderExecuted"): "completed",
    ("routed", "OrderRetryScheduled"): "waiting",
    ("routed", "OrderFailed"): "failed",
    ("waiting", "OrderRetryDue"): "pending",
}
"""Which phase follows when this type of event comes in that phase; there is no other way."""

_EXACT = Context(prec=500)

ENDED = frozenset({"completed", "failed"})


class Facts(NamedTuple):
    """What the placement said; no later event changes it."""

    user_id: str | None
    client_order_id: str | None
    tags: tuple[str, ...]
    order_type: str
    token_in: str
    token_out: str
    placed_at: datetime
    not_after: datetime


class Story:
    """What the log has said of one order so far."""

    __slots__ = (
        *("order_id", "placed_offset", "placed", "amount", "slippage"),
        *("phase", "version", "attempts", "routes", "venue", "held", "flaw", "flaw_actor"),
        *("code", "message", "delay", "least", "fill", "updated_at", "heard_at"),
    )

    def __init__(self, placed: OrderPlaced, offset: int, appended_at: datetime) -> None:
        terms = placed.terms
        self.order_id = placed.order_id
        self.placed_offset = offset
        self.placed = Facts(
            *(placed.user_id, placed.client_order_id, placed.tags),
            *(terms.order_type, terms.token_in, terms.token_out),
            *(placed.occurred_at, placed.not_after),
        )
        self.amount, self.slippage = terms.amount, terms.slippage
        self.phase, self.version, self.attempts, self.routes = "pending", 1, 0, 0
        self.venue: str | None = None
        self.held = False
        self.flaw: str | None = None
        self.flaw_actor: str | None = None
        self.code: str | None = None
        self.message: str | None = None
        self.delay: timedelta | None = None
        self.least: Decimal | None = None
        self.fill: Fill | None = None
        self.updated_at, self.heard_at = placed.occurred_at, appended_at

    @property
    def ended(self) -> bool:
        """Return whether the order is in a final status."""
        return self.phase in ENDED

    @property
    def execution_ids(self) -> list[str]:
        """Return the ids that the order's executions were sent with, oldest first."""
        return [f"{self.order_id}:{number}" for number in range(1, self.routes + 1)]

    def hear(self, event: AnyOrderEvent, appended_at: datetime) -> bool:
        """Take the order's next event; return whether it is superseded: it changed nothing."""
        if self.phase in ENDED or event.version <= self.version:
            return True
        if self.phase == "quarantined":
            return self._hear_in_quarantine(event, appended_at)
        if event.version > self.version + 1:
            gap = f"version {event.version} came, {self.version + 1} never did"
            self._quarantine(gap, event.actor)
        else:
            self.version = event.version
            if flaw := self._why_not(event):
                self._quarantine(flaw, event.actor)
            else:
                self._follow(event)
        self.updated_at, self.heard_at = event.occurred_at, appended_at
        return False

    def _why_not(self, event: AnyOrderEvent) -> str | None:
        if (self.phase, event.type) not in NEXT:
            return f"{event.type} came while the order was {self.phase}"
        expected = self.attempts if self.phase == "routed" else self.attempts + 1
        if (attempt := _attempt_of(event)) != expected:
            return f"{event.type} is about attempt {attempt}, not {expected}"
        match event:
            case OrderRouted() if event.execution_id != f"{self.order_id}:{self.routes + 1}":
                return f"its execution {self.routes + 1} is called {event.execution_id}"
            case OrderExecuted() if event.venue != self.venue:
                return f"{event.venue} executed what was sent to {self.venue}"
            case _:
                return None

    def _follow(self, event: AnyOrderEvent) -> None:
        self.phase = NEXT[self.phase, event.type]
        match event:
            case OrderRouted():
                self.attempts, self.routes = event.attempt, self.routes + 1
                self.venue, self.least = event.venue, least_amount_out(event, self.slippage)
                self.code = self.message = None
            case OrderExecuted():
                self.fill = event.fill
            case OrderRetryScheduled():
                self.attempts, self.delay = event.attempt, event.delay
                self.code, self.message = event.reason.code.value, event.reason.message
            case OrderRetryDue():
                self.venue = None
            case OrderFailed():
                self.attempts = event.attempts
                self.code, self.message = event.reason.code.value, event.reason.message
            case OrderPlaced():
                raise TypeError("no phase is followed by a placement")

    def _quarantine(self, flaw: str, actor: str) -> None:
        self.flaw, self.flaw_actor, self.held = flaw, actor, self.phase == "routed"
        self.phase = "quarantined"
        self.venue = self.venue if self.held else None
        self.code = self.message = None

    def _hear_in_quarantine(self, event: AnyOrderEvent, appended_at: datetime) -> bool:
        if event.version != self.version + 1:
            return True
        self.version, self.heard_at = event.version, appended_at
        match event:
            case OrderExecuted() if self.held and self._is_of_held(event):
                self.phase, self.fill = "completed", event.fill
            case OrderFailed() if self.held and event.attempts == self.attempts:
                self.phase = "failed"
                self.code, self.message = event.reason.code.value, event.reason.message
            case _:
                return False
        self.updated_at = event.occurred_at
        return False

    def _is_of_held(self, event: OrderExecuted) -> bool:
        return event.attempt == self.attempts and event.venue == self.venue


def _attempt_of(event: AnyOrderEvent) -> int:
    match event:
        case OrderFailed():
            return event.attempts
        case OrderPlaced():
            return 0
        case _:
            return event.attempt


def least_amount_out(routed: OrderRouted, slippage: Decimal) -> Decimal:
    """Return the least the order may get: the event's minimum, and its quote less slippage."""
    quoted = [quote.amount_out for quote in routed.quotes if quote.venue == routed.venue]
    kept = _EXACT.subtract(Decimal(1), slippage)
    return max([routed.min_amount_out, *(_EXACT.multiply(amount, kept) for amount in quoted)])
