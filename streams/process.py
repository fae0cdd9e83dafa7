"""From the state of an order to its next event: ask the venues, then decide. No Kafka in here."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from orders.commands import (
    AnswerOrder,
    BeginRetry,
    Command,
    RecordFailure,
    RecordFill,
    RestOrder,
    RouteOrder,
    Stamp,
    TriggerOrder,
)
from orders.decider import decide
from orders.errors import Code, Reason
from orders.events import AnyOrderEvent, FailedQuote
from orders.ports import Refused, Unknown, Venue, Void
from orders.retry import RetryPolicy
from orders.routing import best_quote, falls_short
from orders.state import Open, Pending, Quarantined, Resting, Routed, Waiting
from orders.values import Fill, Liquidity, Quote, Tick, VenueName
from runtime.faults import Caught, internal_on_error
from venues.asking import ask

logger = logging.getLogger(__name__)

QUOTE_TTL = timedelta(seconds=30)
"""A routed order found older than this (after a recovery) is resolved, not sent."""

_TOO_OLD = Reason(code=Code.STALE_QUOTE, message="the quote is too old to be sent")

_RESOLVE_PAUSE = timedelta(milliseconds=250)
_RESOLVE_PAUSE_MAX = timedelta(seconds=5)


def _as_it_is(order: Open) -> Open:
    return order


def _sent(order: Open) -> Routed | None:
    # What is on its way stays so when nothing new may be sent any more.
    sent = order.held if isinstance(order, Quarantined) else order
    return sent if isinstance(sent, Routed) else None


class OrderProcess:
    """Turns the state of an order into the event that moves it on."""

    def __init__(
        self,
        venues: Mapping[VenueName, Venue],
        policy: RetryPolicy,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        actor: str = "streams",
    ) -> None:
        self._venues = venues
        self._policy = policy
        self._clock = clock
        self._new_id = new_id
        self._actor = actor

    async def advance(
        self, order: Open, present: Callable[[Open], Open] = _as_it_is
    ) -> AnyOrderEvent | None:
        """Return the order's next event, or None when there is nothing to do.

        Waits for the venues; while an outcome is unknown it goes on asking until it is known. What
        it means is decided on the order as it is `present`ed then: with wishes that came meanwhile.
        """
        if self._is_for_nobody(order):
            return None
        with Caught() as caught:
            if isinstance(order, Pending):
                terms, attempt = order.placement.terms, order.attempts + 1
                command: Command = self._route(await ask(self._venues.values(), terms, attempt))
            elif sent := _sent(order):
                command = await self._trade(sent, stale=sent is not order or self._is_stale(sent))
            else:
                return None
            return decide(command, present(order), self._policy)
        command = await self._abandon(order, caught.reason)
        return decide(command, present(order), self._policy)

    def settle(self, order: Open, seen: Tick | Liquidity | None = None) -> AnyOrderEvent | None:
        """Return what is due without asking anybody.

        That is the order's end or an answer to a wish; else what it `seen` makes it fire, or its
        rest when it is new.
        """
        # At one moment: an order whose time is over by the second one would fire all the same.
        stamp = self._stamp()
        answered = decide(AnswerOrder(stamp), order, self._policy)
        command = TriggerOrder(seen, stamp) if seen else RestOrder(stamp)
        return answered or decide(command, order, self._policy)

    async def is_reached(self, order: Resting) -> bool:
        """Return whether a venue would give a resting limit order its price now."""
        terms = order.placement.terms
        answers = await ask(self._venues.values(), terms, 1)
        best = best_quote([answer for answer in answers if isinstance(answer, Quote)])
        return best is not None and falls_short(best, terms) is None

    def begin_retry(self, order: Waiting) -> AnyOrderEvent | None:
        """Return the event that ends the order's wait."""
        return decide(BeginRetry(self._stamp()), order, self._policy)

    async def _abandon(self, order: Open, reason: Reason) -> Command:
        if sent := _sent(order):
            return await self._resolve(sent, reason)
        return RecordFailure(reason, self._stamp())

    def _route(self, answers: Iterable[Quote | FailedQuote]) -> RouteOrder:
        quotes = tuple([answer for answer in answers if isinstance(answer, Quote)])
        failed = tuple([answer for answer in answers if isinstance(answer, FailedQuote)])
        return RouteOrder(quotes, failed, self._stamp())

    async def _trade(self, order: Routed, *, stale: bool) -> Command:
        if stale:
            return await self._resolve(order, _TOO_OLD)
        match await self._venues[order.venue].execute(order.execution):
            case Fill() as fill:
                return RecordFill(fill, self._stamp())
            case Refused() as refused:
                return RecordFailure(refused.reason, self._stamp())
            case Unknown() as unknown:
                return await self._resolve(order, unknown.reason)

    async def _resolve(self, order: Routed, reason: Reason) -> Command:
        venue, pause = self._venues[order.venue], _RESOLVE_PAUSE
        while True:
            match await internal_on_error(venue.resolve(order.execution_id)):
                case Fill() as fill:
                    return RecordFill(fill, self._stamp())
                case Refused() as refused:
                    return RecordFailure(refused.reason, self._stamp())
                case Void():
                    return RecordFailure(reason, self._stamp())
                case Unknown(why) | (Reason() as why):
                    said = {"execution_id": order.execution_id, "why": why.message}
                    logger.warning("outcome unknown", extra=said)
            await asyncio.sleep(pause.total_seconds())
            pause = min(pause * 2, _RESOLVE_PAUSE_MAX)

    def _is_for_nobody(self, order: Open) -> bool:
        """Whether its outcome is with a venue that this engine does not have.

        It may have been taken out while orders were on their way to it: nothing is sent elsewhere,
        and the next engine that has it resolves them.
        """
        sent = _sent(order)
        if sent is None or sent.venue in self._venues:
            return False
        said = {"execution_id": sent.execution_id, "why": f"this engine has no venue {sent.venue}"}
        logger.warning("outcome unknown", extra=said)
        return True

    def _is_stale(self, order: Routed) -> bool:
        return self._clock() - order.updated_at > QUOTE_TTL

    def _stamp(self) -> Stamp:
        return Stamp(self._new_id(), self._clock(), self._actor)
