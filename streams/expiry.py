"""When the orders of a partition expire, soonest first. No clock in here."""

import heapq
from collections.abc import Iterable, Mapping
from datetime import datetime

from orders.state import Open

_SPARE = 1_000


class Expiries:
    """Tells each order once when its time is over; what has ended meanwhile is passed over."""

    def __init__(self, orders: Iterable[Open] = ()) -> None:
        self._turns: list[tuple[datetime, str]] = []
        self._add_all(orders)

    def __len__(self) -> int:
        return len(self._turns)

    def add(self, order: Open) -> None:
        """Remember when the order expires, if ever; an amended one is added again."""
        if at := order.placement.terms.expires_at:
            heapq.heappush(self._turns, (at, order.placement.order_id))

    def due(self, now: datetime, orders: Mapping[str, Open]) -> list[Open]:
        """Return those of the open orders whose time is over at this moment (UTC)."""
        if len(self._turns) > 2 * len(orders) + _SPARE:
            self._turns.clear()
            self._add_all(orders.values())
        over = []
        while self._turns and self._turns[0][0] <= now:
            at, order_id = heapq.heappop(self._turns)
            order = orders.get(order_id)
            if order is not None and order.placement.terms.expires_at == at:
                over.append(order)
        return over

    def _add_all(self, orders: Iterable[Open]) -> None:
        for order in orders:
            self.add(order)
