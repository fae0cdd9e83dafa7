"""Places an order: decides, appends to the log, and answers only for what is certain."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from api.errors import ENGINE_BUSY, LOG_UNAVAILABLE, PLACEMENT_VOID, Refusal
from api.placement import Wish
from api.ports import Log, LogAway
from orders.commands import PlaceOrder, Stamp
from orders.decider import decide
from orders.retry import RetryPolicy
from orders.state import UNPLACED
from orders.wire import encode

ACTOR = "api"
SOON = timedelta(seconds=1)

logger = logging.getLogger(__name__)


class Placing:
    """The way of a placement into the log."""

    def __init__(
        self,
        log: Log,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        window: timedelta,
        limit: int,
    ) -> None:
        self.refused_at: datetime | None = None
        self._log = log
        self._clock = clock
        self._new_id = new_id
        self._window = window
        self._slots = limit

    async def place(self, wish: Wish, request_id: str) -> str:
        """Return the id of the placed order. Raises `Refusal` when it is not certainly placed."""
        if self._slots == 0:
            raise Refusal(ENGINE_BUSY, retry_after=SOON)
        self._slots -= 1
        try:
            return await self._append(self._command(wish, request_id))
        finally:
            self._slots += 1

    def _command(self, wish: Wish, request_id: str) -> PlaceOrder:
        now = self._clock()
        return PlaceOrder(
            order_id=self._new_id(),
            user_id=wish.user_id,
            client_order_id=None,
            terms=wish.terms,
            not_after=now + self._window,
            correlation_id=request_id,
            stamp=Stamp(self._new_id(), now, ACTOR),
        )

    async def _append(self, command: PlaceOrder) -> str:
        event = decide(command, UNPLACED, RetryPolicy())
        if event is None:
            raise TypeError("an order that is not there can always be placed")
        order_id, not_after = command.order_id, command.not_after
        try:
            appended = await self._log.append(order_id, encode(event))
        except LogAway as away:
            self.refused_at = self._clock()
            raise _outcome_unknown(order_id, not_after) from away
        except asyncio.CancelledError:
            # The process stops; the client has to know what to ask for.
            raise _outcome_unknown(order_id, not_after) from None
        self.refused_at = None
        if appended.appended_at > not_after:
            raise Refusal(PLACEMENT_VOID, orderId=order_id, notAfter=not_after)
        # Not at info: at thousands a second these lines would cost more than the placements.
        logger.debug("order placed", extra={"action": "order_placed", "order_id": order_id})
        return order_id


def _outcome_unknown(order_id: str, not_after: datetime) -> Refusal:
    until = f"{not_after + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    message = (
        "The log did not acknowledge the order in time; it may still be accepted. Before placing "
        f"it again, ask GET /api/orders/{order_id}: from {until} on its answer is final."
    )
    return Refusal(LOG_UNAVAILABLE, message, orderId=order_id, notAfter=not_after)
