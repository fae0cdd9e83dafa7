"""Places an order: decides, appends to the log, and answers only for what is certain."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.conditions import require_to_come
from api.errors import LOG_UNAVAILABLE, Refusal
from api.placement import Wish
from api.placing_errors import PLACEMENT_VOID
from api.ports import Log, LogAway
from api.positions import Position
from api.room import Room
from api.slots import Slots
from orders.commands import PlaceOrder, Stamp
from orders.decider import decide
from orders.events import OrderPlaced
from orders.retry import RetryPolicy
from orders.state import UNPLACED
from orders.wire import encode
from runtime.appender import Appended

ACTOR = "api"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """A placement and where it stands in the log."""

    event: OrderPlaced
    appended: Appended

    @property
    def position(self) -> Position:
        """Return its place."""
        return Position(self.appended.partition, self.appended.offset)


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
            written = await self.write(wish, request_id)
        if written.appended.appended_at > written.event.not_after:
            raise void(written.event)
        return written

    def require_room(self) -> None:
        """Raise `Refusal` while the engine has more orders than it can finish."""
        self._room.require()

    async def write(self, wish: Wish, request_id: str) -> Written:
        """Append a placement, which may be void there; raise `Refusal` when it is not certain."""
        require_to_come(wish.terms.expires_at, self._clock())
        event = decide(self._command(wish, request_id), UNPLACED, RetryPolicy())
        if not isinstance(event, OrderPlaced):
            raise TypeError("an order that is not there can always be placed")
        try:
            appended = await self._log.append(event.order_id, encode(event))
        except LogAway as away:
            self.refused_at = self._clock()
            raise outcome_unknown(event) from away
        except asyncio.CancelledError:
            # The process stops; the client has to know what to ask for.
            raise outcome_unknown(event) from None
        self.refused_at = None
        # Not at info: at thousands a second these lines would cost more than the placements.
        about = {"order_id": event.order_id, "request_id": request_id}
        logger.debug("order placed", extra={"action": "order_placed", **about})
        return Written(event, appended)

    def _command(self, wish: Wish, request_id: str) -> PlaceOrder:
        now = self._clock()
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
