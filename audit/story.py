"""One order as the log tells it: a plain story, heard event by event. It knows nothing of the fold.

The first event with a version counts; what comes with a version that was heard, or after the end,
is superseded; a wish has none, and is kept until it is answered. What cannot follow makes the order
quarantined: from then on only the end of an execution that was already sent is heard, or, with
none, of the order that somebody wants cancelled.
"""

from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import NamedTuple

from audit.asked import Asked, heard, is_answer, without
from audit.firing import Rest, price_along
from audit.passages import NEXT, why_not
from orders.errors import Reason
from orders.events import (
    AnyOrderEvent,
    OrderAmended,
    OrderCancelled,
    OrderEvent,
    OrderExecuted,
    OrderExpired,
    OrderFact,
    OrderFailed,
    OrderPlaced,
    OrderRested,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
    OrderTriggered,
    OrderWish,
)
from orders.values import Fill, Terms

_EXACT = Context(prec=500)

ENDED = frozenset({"completed", "failed", "cancelled", "expired"})


class Facts(NamedTuple):
    """What the placement said; no later event changes it."""

    user_id: str | None
    client_order_id: str | None
    tags: tuple[str, ...]
    placed_at: datetime
    not_after: datetime


class Story:
    """What the log has said of one order so far."""

    __slots__ = (
        *("order_id", "placed_offset", "placed", "terms", "asked", "phase", "version"),
        *("attempts", "routes", "rests", "fired", "fired_at", "venue", "held", "flaw"),
        *("flaw_actor", "code", "message", "delay", "least", "fill", "updated_at", "heard_at"),
    )

    def __init__(self, placed: OrderPlaced, offset: int, appended_at: datetime) -> None:
        self.order_id = placed.order_id
        self.placed_offset = offset
        self.placed = Facts(
            *(placed.user_id, placed.client_order_id, placed.tags),
            *(placed.occurred_at, placed.not_after),
        )
        self.terms: Terms = placed.terms
        self.asked: tuple[Asked, ...] = ()
        self.phase = "pending" if placed.terms.order_type == "market" else "new"
        self.version, self.attempts, self.routes, self.rests = 1, 0, 0, 0
        self.fired = False
        self.fired_at: Decimal | None = None
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
    def cancel_asked(self) -> bool:
        """Return whether somebody wanted the order to end."""
        return any(one.terms is None for one in self.asked)

    @property
    def ended(self) -> bool:
        """Return whether the order is in a final status."""
        return self.phase in ENDED

    @property
    def execution_ids(self) -> list[str]:
        """Return the ids that the order's executions were sent with, oldest first."""
        return [f"{self.order_id}:{number}" for number in range(1, self.routes + 1)]

    @property
    def rest(self) -> Rest | None:
        """Return how the order rests, if it fired before and fell short."""
        if self.phase != "resting" or self.delay is None or self.fired_at is None:
            return None
        return Rest(self.updated_at, self.delay, self.fired_at)

    def hear(self, event: AnyOrderEvent, appended_at: datetime) -> bool:
        """Take the order's next event; return whether it is superseded: another one won its place.

        A wish never is.
        """
        if isinstance(event, OrderWish):
            if self.phase not in ENDED:
                self.asked = heard(self.asked, event, appended_at)
            return False
        if self.phase in ENDED or event.version <= self.version:
            return True
        if self.phase == "quarantined":
            return self._hear_in_quarantine(event, appended_at)
        if event.version > self.version + 1:
            gap = f"version {event.version} came, {self.version + 1} never did"
            self._quarantine(gap, event.actor)
        elif isinstance(event, OrderAmended) and not is_answer(self.asked, event, cancels=False):
            # Of two answers to one wish the second is nobody's: a rejection has no version.
            return True
        else:
            self.version = event.version
            if flaw := why_not(event, self):
                self._quarantine(flaw, event.actor)
            else:
                self._follow(event)
        self.updated_at, self.heard_at = event.occurred_at, appended_at
        return False

    def _follow(self, event: OrderFact) -> None:
        self.phase = NEXT[self.phase, event.type]
        match event:
            case OrderRouted():
                self.attempts, self.routes = event.attempt, self.routes + 1
                self.venue, self.least = event.venue, least_amount_out(event, self.terms)
                self._because(None)
            case OrderExecuted():
                self.fill = event.fill
            case OrderRetryScheduled():
                self.attempts, self.delay = event.attempt, event.delay
                self._because(event.reason)
            case OrderRetryDue():
                self.venue = None
            case OrderFailed():
                self.attempts = event.attempts
                self._because(event.reason)
            case _:
                self._move_at_rest(event)

    def _move_at_rest(self, event: OrderEvent) -> None:
        match event:
            case OrderRested():
                self.rests, self.venue, self.delay = event.rests, None, event.delay
                self._because(event.reason)
            case OrderTriggered():
                self.attempts, self.fired = 0, self.fired or event.tick is not None
                self.fired_at = price_along(self.terms, event.tick) if event.tick else None
                self._because(None)
            case OrderAmended():
                self.terms, self.asked = event.terms, without(self.asked, event.causation_id)
                self.delay = None
                self._because(None)
            case OrderCancelled() | OrderExpired():
                self.code, self.message = self.phase.upper(), self.phase
            case _:
                raise TypeError(f"no phase is followed by {event!r}")

    def _because(self, reason: Reason | None) -> None:
        self.code = reason.code.value if reason else None
        self.message = reason.message if reason else None

    def _quarantine(self, flaw: str, actor: str) -> None:
        self.flaw, self.flaw_actor, self.held = flaw, actor, self.phase == "routed"
        self.phase = "quarantined"
        self.venue = self.venue if self.held else None
        self.code = self.message = None

    def _hear_in_quarantine(self, event: OrderFact, appended_at: datetime) -> bool:
        if event.version != self.version + 1:
            return True
        self.version, self.heard_at = event.version, appended_at
        match event:
            case OrderExecuted() if self.held and self._is_of_held(event):
                self.phase, self.fill = "completed", event.fill
            case OrderFailed() if self.held and event.attempts == self.attempts:
                self.phase = "failed"
                self._because(event.reason)
            case OrderCancelled() if not self.held and self._is_asked(event):
                self.phase = "cancelled"
                self._move_at_rest(event)
            case _:
                return False
        self.updated_at = event.occurred_at
        return False

    def _is_of_held(self, event: OrderExecuted) -> bool:
        return event.attempt == self.attempts and event.venue == self.venue

    def _is_asked(self, event: OrderCancelled) -> bool:
        answers = is_answer(self.asked, event, cancels=True)
        return answers and event.attempts == self.attempts


def least_amount_out(routed: OrderRouted, terms: Terms) -> Decimal:
    """Return the least the order may get.

    That is the event's minimum, its quote less slippage, and what a limit order's target gives.
    """
    quoted = [quote.amount_out for quote in routed.quotes if quote.venue == routed.venue]
    kept = _EXACT.subtract(Decimal(1), terms.slippage)
    asked = [_EXACT.multiply(terms.target_price, terms.amount)] if terms.target_price else []
    return max([routed.min_amount_out, *asked, *(_EXACT.multiply(one, kept) for one in quoted)])
