"""Puts what is asked of orders into the log, for their workers to answer."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.errors import LOG_UNAVAILABLE, Refusal
from api.once import Once
from api.placing import ACTOR
from api.ports import Log, LogAway
from api.positions import Position
from api.slots import Slots
from api.unread import UnreadAmends
from orders.events import AnyOrderEvent, AnyWish, OrderAmendRequested, OrderCancelRequested
from orders.state import Open, Order
from orders.values import Terms
from orders.wire import encode
from orders.wishes import amendments

SAFE = (
    "The log did not acknowledge the wish in time; it may still be done. "
    "Send the same request again: whatever was done already is not done twice."
)
_REMEMBERED = 10_000
"""How many cancels: a read shows one long before so many more were asked for."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, in which request."""

    user_id: str | None
    request_id: str


@dataclass(frozen=True, slots=True)
class Wished:
    """A wish in the log: its id, and where it stands."""

    wish_id: str
    position: Position


class Wishing:
    """The way of a wish into the log; a bounded number of requests is on it at once."""

    def __init__(
        self, log: Log, clock: Callable[[], datetime], new_id: Callable[[], str], slots: Slots
    ) -> None:
        self.slots = slots
        self._log = log
        self._clock = clock
        self._new_id = new_id
        self._unread = UnreadAmends()
        self._cancels: Once[Wished] = Once(_REMEMBERED)

    async def cancel(self, order_id: str, asker: Asker) -> Wished:
        """Ask to end an order; raise `Refusal` when that is not certain to be in the log.

        A wish to cancel holds until its order ends: who asks again gets the first one.
        """
        wish = OrderCancelRequested(**self._envelope(order_id, asker))
        return await self._cancels.do(order_id, lambda: self._append(wish))

    def has_cancelled(self, order_id: str) -> bool:
        """Return whether this process asked to end an order, though no read may show it yet."""
        return self._cancels.has_done(order_id)

    def require_room(self, order: Order, events: Iterable[AnyOrderEvent]) -> None:
        """Raise `Refusal` when an order, as its events made it, has as many amendments as may wait.

        It does not wait: what is asked for after it is counted from the next one on.
        """
        if isinstance(order, Open):
            read = {event.event_id for event in events}
            self._unread.require_room(order.placement.order_id, amendments(order), read)

    async def amend(self, order_id: str, seen_version: int, terms: Terms, asker: Asker) -> Wished:
        """Ask for other terms, as `cancel` asks."""
        about = self._envelope(order_id, asker)
        wish = OrderAmendRequested(**about, seen_version=seen_version, terms=terms)
        self._unread.asks(order_id, wish.event_id)
        try:
            return await self._append(wish)
        except Refusal:
            self._unread.failed(order_id, wish.event_id)
            raise

    def _envelope(self, order_id: str, asker: Asker) -> dict[str, Any]:
        return {
            "event_id": self._new_id(),
            "order_id": order_id,
            "occurred_at": self._clock(),
            "correlation_id": asker.request_id,
            "actor": ACTOR,
            "user_id": asker.user_id,
        }

    async def _append(self, wish: AnyWish) -> Wished:
        try:
            appended = await self._log.append(wish.order_id, encode(wish))
        except LogAway as away:
            raise not_certain(wish.order_id) from away
        except asyncio.CancelledError:
            # The process stops; the client has to know that it may be done.
            raise not_certain(wish.order_id) from None
        return Wished(wish.event_id, Position(appended.partition, appended.offset))


def not_certain(order_id: str) -> Refusal:
    """Return the answer for a wish that may be in the log or may still come into it."""
    return Refusal(LOG_UNAVAILABLE, SAFE, orderId=order_id)
