"""Kafka as the API uses it: appends placements, asks how far the log goes."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from api.ends import EndOffsets
from api.ports import LogAway, Misconfigured
from api.shared import Shared
from orders.topics import partition_of
from runtime.appender import Appended, Appender, NotAcknowledged

PAUSE_S = 0.2


class KafkaLog:
    """The topic of the log; nothing is sent before its number of partitions has been seen."""

    def __init__(
        self, appender: Appender, ends: EndOffsets, topic: str, partitions: int, patience: timedelta
    ) -> None:
        self._appender = appender
        self._ends = ends
        self._shared = Shared(ends.ask)
        self._topic = topic
        self._partitions = partitions
        self._patience_s = patience.total_seconds()

    async def append(self, order_id: str, value: bytes) -> Appended:
        """Append a record of this order; raise `LogAway` when that is not certain to be done."""
        partition = partition_of(order_id, self._partitions)
        try:
            async with asyncio.timeout(self._patience_s):
                await self._met()
                return await self._appender.append(self._topic, partition, order_id.encode(), value)
        except (NotAcknowledged, TimeoutError) as error:
            raise LogAway(f"not acknowledged: {error!r}") from error

    async def ends(self) -> Mapping[int, int]:
        """Return the end offset of each partition, as of a moment after the call."""
        return await self._shared.answer()

    async def _met(self) -> None:
        while not self._ends.seen:
            try:
                await self.ends()
            except Misconfigured:
                raise
            except LogAway:
                await asyncio.sleep(PAUSE_S)
