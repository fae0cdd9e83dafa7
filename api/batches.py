"""Reads of one order each, made many at once: whoever asks meanwhile shares the next question."""

from collections.abc import Awaitable, Callable, Collection
from typing import Generic, TypeVar

from api.rows import Found, Seen
from api.shared import Shared
from orders.topics import partition_of

T = TypeVar("T")


class Batches(Generic[T]):
    """One question at a time for all the orders that are asked for, as bounded as `read` is.

    Whoever asks waits for at most two of them: the one under way, and the one with their order.
    """

    def __init__(
        self, read: Callable[[Collection[str]], Awaitable[Found[T]]], partitions: int
    ) -> None:
        self._read = read
        self._partitions = partitions
        self._wanted: dict[object, str] = {}
        self._shared = Shared(self._ask)

    async def of(self, order_id: str) -> Seen[T]:
        """Return what there is of the order, read after this call; raise `ReadModelAway`."""
        ticket = object()
        self._wanted[ticket] = order_id
        try:
            seen = await self._shared.answer()
        finally:
            del self._wanted[ticket]
        partition = partition_of(order_id, self._partitions)
        return Seen(seen.found.get(order_id), seen.next_offsets.get(partition, 0))

    async def _ask(self) -> Found[T]:
        return await self._read(set(self._wanted.values()))
