"""The orders that ended and whose placement could still be repeated. No clock in here."""

import heapq
from collections.abc import Mapping
from datetime import datetime


class EndedOrders:
    """Remembers each ended order until its own time: one kept for ever holds up no other."""

    def __init__(self, until: Mapping[str, datetime] | None = None) -> None:
        self._turns = [(time, order_id) for order_id, time in (until or {}).items()]
        heapq.heapify(self._turns)
        self._ids = {order_id for _, order_id in self._turns}

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, order_id: str, until: datetime) -> None:
        """Remember an order that was not remembered, until a time (UTC)."""
        self._ids.add(order_id)
        heapq.heappush(self._turns, (until, order_id))

    def forget_before(self, time: datetime) -> None:
        """Forget the orders whose time was earlier."""
        while self._turns and self._turns[0][0] < time:
            _, order_id = heapq.heappop(self._turns)
            self._ids.discard(order_id)
