"""The orders between two attempts, and which of them the delay topics lost. No clock in here."""

from datetime import datetime, timedelta

from orders.state import Closed, Open, Waiting

OVERDUE = timedelta(seconds=30)
"""An order that still waits this long after its due time is put on its delay topic again."""


class Waits:
    """When each waiting order is due."""

    def __init__(self) -> None:
        self._due: dict[str, datetime] = {}

    def follow(self, order: Open | Closed) -> None:
        """Take note of whether the order waits now."""
        self._due.pop(order.placement.order_id, None)
        if isinstance(order, Waiting):
            self._due[order.placement.order_id] = order.due_at

    def overdue(self, now: datetime) -> list[str]:
        """Return the orders that wait long past their due time, each once in a while."""
        late = now - OVERDUE
        found = [order_id for order_id, due_at in self._due.items() if due_at < late]
        self._due.update(dict.fromkeys(found, now))
        return found

    def forget(self, order_id: str) -> None:
        """Forget an order, whether it waits or not."""
        self._due.pop(order_id, None)
