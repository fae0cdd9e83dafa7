"""Places an order: decides, appends to the log, and answers only for what is certain."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from api.conditions import require_to_come
from api.errors import LOG_UNAVAILABLE, Refusal
from api.placement import Wish
from api.placing_errors import PLACEMENT_VOID
from api.ports import Log, LogAway
from api.positions import Position
from api.room import Room
from api.slots import Slots, none_left
from orders.commands import PlaceOrder, Stamp
from orders.decider import decide
from orders.events import OrderPlaced
from orders.retry import RetryPolicy
from orders.state import UNPLACED
from orders.wire import encode
from runtime.appender import Appended

ACTOR = "api"
_POLICY = RetryPolicy()

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Written(NamedTuple):
    """A placement and where it stands in the log."""

    event: OrderPlaced
    appended: Appended

    @property
    def position(self) -> Position:
        """Return its place."""
        partition, offset, _ = self.appended
        return Position(partition, offset)


class Placing:
    """The way of a placement into the log."""

    def __init__(
        self,
        log: Log,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        window: timedelta,
        room: Room,
        slots: Slots,
    ) -> None:
        self.refused_at: datetime | None = None
        self._log = log
        self._clock = clock
        self._new_id = new_id
        self._window = window
        self._room = room
        self._slots = slots

    async def place(self, wish: Wish, request_id: str) -> Written:
        """Return the placement in the log. Raises `Refusal` when it does not certainly count."""
        self.require_room()
        with self._slots:
            return _certain(_counted(await self.write(wish, request_id)))

    async def place_all(self, wishes: Sequence[Wish], request_id: str) -> list[Written | Refusal]:
        """Return the placements in the log, and why others do not certainly count.

        However many they are, one wait serves them all.
        """
        try:
            self.require_room()
        except Refusal as full:
            return [full] * len(wishes)
        with self._slots.up_to(len(wishes)) as taken:
            outcomes = await self._write_all(wishes[:taken], request_id)
        busy = [none_left() for _ in wishes[taken:]]
        return [*map(_counted, outcomes), *busy]

    def require_room(self) -> None:
        """Raise `Refusal` while the engine has more orders than it can finish."""
        self._room.require()

    async def write(self, wish: Wish, request_id: str) -> Written:
        """Append a placement, which may be void there; raise `Refusal` when it is not certain."""
        event = _certain(self._decided(wish, request_id, self._clock()))
        appended: Appended | LogAway
        try:
            appended = await self._log.append(event.order_id, encode(event))
        except LogAway as away:
            appended = away
        except asyncio.CancelledError:
            # The process stops; the client has to know what to ask for.
            raise outcome_unknown(event) from None
        return _certain(self._written(event, appended))

    async def _write_all(self, wishes: Sequence[Wish], request_id: str) -> list[Written | Refusal]:
        # Each has a moment of its own: snipers of a token start in the order of these.
        decided = [self._decided(wish, request_id, self._clock()) for wish in wishes]
        events = [one for one in decided if isinstance(one, OrderPlaced)]
        try:
            appended = iter(await self._log.append_all([(e.order_id, encode(e)) for e in events]))
        except asyncio.CancelledError:
            return [one if isinstance(one, Refusal) else outcome_unknown(one) for one in decided]
        return [
            one if isinstance(one, Refusal) else self._written(one, next(appended))
            for one in decided
        ]

    def _decided(self, wish: Wish, request_id: str, now: datetime) -> OrderPlaced | Refusal:
        try:
            require_to_come(wish.terms.expires_at, now)
        except Refusal as over:
            return over
        event = decide(self._command(wish, request_id, now), UNPLACED, _POLICY)
        if not isinstance(event, OrderPlaced):
            raise TypeError("an order that is not there can always be placed")
        return event

    def _written(self, event: OrderPlaced, appended: Appended | LogAway) -> Written | Refusal:
        if isinstance(appended, LogAway):
            self.refused_at = self._clock()
            return outcome_unknown(event)
        self.refused_at = None
        if logger.isEnabledFor(logging.DEBUG):
            # Not at info: at thousands a second these lines would cost more than the placements.
            about = {"order_id": event.order_id, "request_id": event.correlation_id}
            logger.debug("order placed", extra={"action": "order_placed", **about})
        return Written(event, appended)

    def _command(self, wish: Wish, request_id: str, now: datetime) -> PlaceOrder:
        return PlaceOrder(
            order_id=wish.order_id or self._new_id(),
            user_id=wish.user_id,
            client_order_id=wish.client_order_id,
            tags=wish.tags,
            terms=wish.terms,
            not_after=now + self._window,
            correlation_id=request_id,
            stamp=Stamp(self._new_id(), now, ACTOR),
        )


def _certain(outcome: T | Refusal) -> T:
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _counted(outcome: Written | Refusal) -> Written | Refusal:
    if isinstance(outcome, Written) and outcome.appended.appended_at > outcome.event.not_after:
        return void(outcome.event)
    return outcome


def void(event: OrderPlaced) -> Refusal:
    """Return the answer for a placement that no reader of the log counts."""
    return Refusal(PLACEMENT_VOID, orderId=event.order_id, notAfter=event.not_after)


def outcome_unknown(event: OrderPlaced) -> Refusal:
    """Return the answer for a placement that may be in the log or may still come into it."""
    order_id, not_after = event.order_id, event.not_after
    unknown = "The log did not acknowledge the order in time; it may still be accepted. "
    until = f"{not_after + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    if event.client_order_id is None:
        next_step = (
            f"Before placing it again, ask GET /api/orders/{order_id}: "
            f"from {until} on its answer is final."
        )
    else:
        next_step = "Send the same request again, which never places a second order."
    return Refusal(LOG_UNAVAILABLE, unknown + next_step, orderId=order_id, notAfter=not_after)
