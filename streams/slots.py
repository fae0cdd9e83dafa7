"""A bounded number of orders in flight, the rest parked in turn."""

from orders.state import Pending


class Slots:
    """Slots of one lane; those who hold one keep it until they are freed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._holding: set[str] = set()
        self._parked: dict[str, Pending] = {}

    @property
    def in_flight(self) -> int:
        """Return how many orders hold a slot."""
        return len(self._holding)

    @property
    def parked(self) -> int:
        """Return how many orders wait for one."""
        return len(self._parked)

    def is_parked(self, order_id: str) -> bool:
        """Return whether an order waits for a slot."""
        return order_id in self._parked

    def has_room_for(self, order_id: str) -> bool:
        """Return whether an order has a slot or can have one."""
        return order_id in self._holding or len(self._holding) < self._limit

    def hold(self, order_id: str) -> None:
        """Give an order a slot, whether there is room or not."""
        self._holding.add(order_id)

    def park(self, order: Pending) -> None:
        """Let an order wait for its turn."""
        self._parked[order.placement.order_id] = order

    def free(self, order_id: str) -> None:
        """Take an order out, whether it holds a slot or waits for one."""
        self._holding.discard(order_id)
        self._parked.pop(order_id, None)

    def next(self) -> Pending | None:
        """Return the order whose turn it is; it waits no longer. None without one or without room.

        The caller lets it hold its slot.
        """
        if not self._parked or len(self._holding) >= self._limit:
            return None
        return self._parked.pop(next(iter(self._parked)))
