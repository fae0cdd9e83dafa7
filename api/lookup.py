"""Finds an order for any reader: one whose placement was answered is never called unknown."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from api.errors import (
    LOG_UNAVAILABLE,
    ORDER_NOT_FOUND,
    PROJECTION_LAGGING,
    Refusal,
)
from api.ports import Log, LogAway
from api.progress import Progress
from api.rows import Seen
from api.slots import Slots
from orders.topics import partition_of

T = TypeVar("T")

SOON = timedelta(seconds=1)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def known_form(order_id: str) -> str:
    """Return the id as the engine writes it; raise `Refusal` when no order can have it."""
    lower = order_id.lower()
    if not _UUID.fullmatch(lower):
        raise Refusal(ORDER_NOT_FOUND)
    return lower


class Lookup:
    """Reads an order; on a miss it waits until the projection knows all of the order's log."""

    def __init__(
        self, log: Log, progress: Progress, partitions: int, patience: timedelta, slots: Slots
    ) -> None:
        self._log = log
        self._progress = progress
        self._partitions = partitions
        self._patience_s = patience.total_seconds()
        self._slots = slots

    async def find(self, order_id: str, read: Callable[[str], Awaitable[Seen[T]]]) -> T:
        """Return what `read` finds. Raises `Refusal` and `ReadModelAway`."""
        order_id = known_form(order_id)
        seen = await read(order_id)
        if seen.found is not None:
            return seen.found
        with self._slots:
            return await self._find_in_the_log(order_id, seen, read)

    async def _find_in_the_log(
        self, order_id: str, seen: Seen[T], read: Callable[[str], Awaitable[Seen[T]]]
    ) -> T:
        partition = partition_of(order_id, self._partitions)
        end = await self._end(order_id, partition)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_s
        in_time = True
        while seen.found is None and seen.next_offset < end and in_time:
            left = deadline - loop.time()
            in_time = await self._progress.reached(partition, end, left)
            seen = await read(order_id)
        if seen.found is not None:
            return seen.found
        if seen.next_offset >= end:
            raise Refusal(ORDER_NOT_FOUND)
        behind = end - seen.next_offset
        raise Refusal(PROJECTION_LAGGING, retry_after=SOON, orderId=order_id, behind=behind)

    async def _end(self, order_id: str, partition: int) -> int:
        try:
            return (await self._log.ends())[partition]
        except LogAway as away:
            raise Refusal(LOG_UNAVAILABLE, retry_after=SOON, orderId=order_id) from away
