"""Kafka as the API uses it: appends placements, asks how far the log goes."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta

from api.ends import EndOffsets
from api.ports import LogAway, Misconfigured
from api.shared import Shared
from orders.topics import partition_of
from runtime.appender import Appended, Appender, NotAcknowledged

PAUSE_S = 0.2

logger = logging.getLogger(__name__)


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
        self._acknowledges = True

    async def append(self, order_id: str, value: bytes) -> Appended:
        """Append a record of this order; raise `LogAway` when that is not certain to be done."""
        partition = partition_of(order_id, self._partitions)
        try:
            if not self._ends.seen:
                async with asyncio.timeout(self._patience_s):
                    await self._met()
            # It has the same patience.
            appended = await self._appender.append(self._topic, partition, order_id.encode(), value)
        except (NotAcknowledged, TimeoutError) as error:
            self._tell(acknowledges=False)
            raise LogAway(f"not acknowledged: {error!r}") from error
        self._tell(acknowledges=True)
        return appended

    async def ends(self) -> Mapping[int, int]:
        """Return the end offset of each partition, as of a moment after the call."""
        return await self._shared.answer()

    def _tell(self, *, acknowledges: bool) -> None:
        if acknowledges != self._acknowledges:
            logger.warning("log acknowledges again" if acknowledges else "log is silent")
        self._acknowledges = acknowledges

    async def _met(self) -> None:
        while not self._ends.seen:
            try:
                await self.ends()
            except Misconfigured:
                raise
            except LogAway:
                await asyncio.sleep(PAUSE_S)
