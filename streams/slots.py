"""A bounded number of orders in flight, few of which begin together; the rest parked in turn."""

from collections import OrderedDict

from orders.state import New, Pending, Routed

_BEGIN_TOGETHER = 20
"""So many begin in one turn of the event loop.

Thousands at once would each wait for all others at every step, and the answers of the venues with
them, until their time-outs have passed.
"""

KEEP_SLOTS = Pending, Routed, New
"""States in which an order keeps its slot, if it has one."""


class Slots:
    """Slots of one lane; those who hold one keep it until they are freed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._begun = 0
        self._holding: set[str] = set()
        # A plain dictionary walks past all that have left it to find its first.
        self._parked: OrderedDict[str, Pending] = OrderedDict()

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
        """Return whether an order has a slot or can have one before all that wait."""
        return order_id in self._holding or (self._has_room and not self._parked)

    def hold(self, order_id: str) -> None:
        """Give an order a slot, whether there is room or not."""
        if order_id not in self._holding:
            self._holding.add(order_id)
            self._begun += 1

    def turn(self) -> None:
        """Let as many begin as may in a new turn of the event loop."""
        self._begun = 0

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
        if not self._parked or not self._has_room:
            return None
        return self._parked.popitem(last=False)[1]

    @property
    def _has_room(self) -> bool:
        return len(self._holding) < self._limit and self._begun < _BEGIN_TOGETHER
