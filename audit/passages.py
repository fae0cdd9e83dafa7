"""Which event may come when: the phases of an order, and what of an event must fit its story."""

from collections.abc import Mapping
from typing import Final, Protocol

from audit.asked import Asked, is_answer, may_become
from orders.events import (
    OrderAmended,
    OrderCancelled,
    OrderExecuted,
    OrderExpired,
    OrderFact,
    OrderFailed,
    OrderPlaced,
    OrderRested,
    OrderRouted,
    OrderTriggered,
)
from orders.values import Terms

NEXT: Final[Mapping[tuple[str, str], str]] = {
    ("new", "OrderRested"): "resting",
    ("new", "OrderTriggered"): "pending",
    ("resting", "OrderTriggered"): "pending",
    ("resting", "OrderAmended"): "resting",
    ("pending", "OrderRouted"): "routed",
    ("pending", "OrderRetryScheduled"): "waiting",
    ("pending", "OrderRested"): "resting",
    ("pending", "OrderFailed"): "failed",
    ("routed", "OrderExecuted"): "completed",
    ("routed", "OrderRetryScheduled"): "waiting",
    ("routed", "OrderRested"): "resting",
    ("routed", "OrderFailed"): "failed",
    ("waiting", "OrderRetryDue"): "pending",
    **{
        (phase, f"Order{end.capitalize()}"): end
        for phase in ("new", "resting", "pending", "routed", "waiting")
        for end in ("cancelled", "expired")
    },
}
"""Which phase follows when this type of event comes in that phase; there is no other way."""


class Standing(Protocol):
    """What of a story tells whether an event can follow."""

    order_id: str
    terms: Terms
    asked: tuple[Asked, ...]
    phase: str
    attempts: int
    routes: int
    rests: int
    venue: str | None


def why_not(event: OrderFact, story: Standing) -> str | None:
    """Return why the event cannot follow now, or None: it can."""
    if (story.phase, event.type) not in NEXT:
        return f"{event.type} came while the order was {story.phase}"
    match event:
        case OrderRested() | OrderTriggered():
            return _wrong_turn(event, story)
        case OrderAmended():
            asked = is_answer(story.asked, event, cancels=False)
            legal = asked and may_become(story.terms, event.terms)
            return None if legal else "it was amended otherwise than was asked first"
        case OrderCancelled() if not is_answer(story.asked, event, cancels=True):
            return "it was cancelled, which nobody had asked for"
        case OrderExpired() if story.terms.expires_at is None:
            return "it expired, though it has no time to"
        case _:
            return _wrong_attempt(event, story)


def _wrong_turn(event: OrderRested | OrderTriggered, story: Standing) -> str | None:
    kind = story.terms.order_type
    if isinstance(event, OrderTriggered):
        fits = (event.tick is None) == (kind == "sniper")
        return None if fits else f"a {kind} order fired on what is not its trigger"
    if event.rests != story.rests + 1:
        return f"it came to rest for time {event.rests}, not {story.rests + 1}"
    legal = story.phase == "new" or kind == "limit"
    return None if legal else f"a {kind} order went back to rest"


def _wrong_attempt(event: OrderFact, story: Standing) -> str | None:
    ends = isinstance(event, OrderCancelled | OrderExpired)
    expected = story.attempts if story.phase == "routed" or ends else story.attempts + 1
    if (attempt := _attempt_of(event)) != expected:
        return f"{event.type} is about attempt {attempt}, not {expected}"
    match event:
        case OrderRouted() if event.execution_id != f"{story.order_id}:{story.routes + 1}":
            return f"its execution {story.routes + 1} is called {event.execution_id}"
        case OrderExecuted() if event.venue != story.venue:
            return f"{event.venue} executed what was sent to {story.venue}"
        case _:
            return None


def _attempt_of(event: OrderFact) -> int:
    match event:
        case OrderFailed() | OrderCancelled() | OrderExpired():
            return event.attempts
        case OrderPlaced() | OrderRested() | OrderTriggered() | OrderAmended():
            return 0
        case _:
            return event.attempt
