"""Which placement an order id belongs to, read for many requests in one question."""

from collections.abc import Awaitable, Callable, Collection

from api.ports import Placements, Seen
from api.shared import Shared
from orders.events import OrderPlaced
from orders.topics import partition_of
from orders.wire import decode


class Winners:
    """The accepted placement of an order, as the projection knows it.

    Only the first placement of an order is ever accepted, so an answer holds for ever.
    """

    def __init__(
        self, read: Callable[[Collection[str]], Awaitable[Placements]], partitions: int
    ) -> None:
        self._read = read
        self._partitions = partitions
        self._wanted: dict[object, str] = {}
        self._shared = Shared(self._ask)

    async def of(self, order_id: str) -> Seen[OrderPlaced]:
        """Return the order's placement, read after this call; raise `ReadModelAway`."""
        ticket = object()
        self._wanted[ticket] = order_id
        try:
            seen = await self._shared.answer()
        finally:
            del self._wanted[ticket]
        found = seen.found.get(order_id)
        partition = partition_of(order_id, self._partitions)
        return Seen(
            None if found is None else _placement(found), seen.next_offsets.get(partition, 0)
        )

    async def _ask(self) -> Placements:
        return await self._read(set(self._wanted.values()))


def _placement(data: str) -> OrderPlaced:
    event = decode(data.encode())
    if not isinstance(event, OrderPlaced):
        raise TypeError(f"{event.type} is no placement")
    return event
