"""The orders that the projector need not ask the database for: a bounded copy of its rows."""

from collections.abc import Iterable, Mapping
from itertools import islice

from projections.batch import Known


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
        held = self._orders
        for order_id in touched:
            held.pop(order_id, None)
        held.update(touched)
        for order_id in [*islice(held, max(0, len(held) - self._most))]:
            del held[order_id]
