"""The orders that the projector need not ask the database for: a bounded copy of its rows."""

from collections.abc import Iterable, Mapping

from orders.state import Closed
from projections.batch import CLOSED, Known


class Memory:
    """Holds the orders touched last; true as long as nobody else writes the tables."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._orders: dict[str, Known] = {}

    def recall(self, order_ids: Iterable[str]) -> dict[str, Known]:
        """Return those of the orders that are held."""
        held = self._orders
        return {order_id: held[order_id] for order_id in order_ids if order_id in held}

    def keep(self, touched: Mapping[str, Known]) -> None:
        """Hold these orders as their rows are written now, and let go of the oldest."""
        for order_id, known in touched.items():
            self._orders.pop(order_id, None)
            closed = isinstance(known.order, Closed)
            self._orders[order_id] = CLOSED if closed else known
        for order_id in list(self._orders)[: max(0, len(self._orders) - self._most)]:
            del self._orders[order_id]
