"""How long orders that fired and fell short are left alone. No clock in here."""

import heapq
from datetime import datetime, timedelta

from orders.retry import REST_MAX, REST_MIN
from orders.state import Resting


class Pauses:
    """One pause for each such order; the next is twice as long, up to a minute."""

    def __init__(self) -> None:
        self._lengths: dict[str, timedelta] = {}
        self._turns: list[tuple[datetime, str]] = []
        self._until: dict[str, datetime] = {}

    def begin(self, order: Resting) -> None:
        """Begin with the pause that the order's own history asks for."""
        order_id = order.placement.order_id
        self._lengths[order_id] = min(max(order.delay or REST_MIN, REST_MIN), REST_MAX)
        self._wait(order_id, order.updated_at)

    def again(self, order_id: str, now: datetime) -> None:
        """Begin the next one: it was asked for in vain."""
        self._lengths[order_id] = min(2 * self._lengths.get(order_id, REST_MIN), REST_MAX)
        self._wait(order_id, now)

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._until

    def hold(self, order_id: str) -> None:
        """End the order's pause before its time; how long it was is remembered."""
        self._until.pop(order_id, None)

    def forget(self, order_id: str) -> None:
        """Forget the order, whether it is here or not."""
        self._lengths.pop(order_id, None)
        self._until.pop(order_id, None)

    def over(self, now: datetime) -> list[str]:
        """Return the orders whose pause is over at this moment (UTC), each once."""
        found = []
        while self._turns and self._turns[0][0] <= now:
            until, order_id = heapq.heappop(self._turns)
            if self._until.get(order_id) == until:
                del self._until[order_id]
                found.append(order_id)
        return found

    def _wait(self, order_id: str, begun: datetime) -> None:
        until = begun + self._lengths[order_id]
        self._until[order_id] = until
        heapq.heappush(self._turns, (until, order_id))
