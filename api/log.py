"""Kafka as the API uses it: appends placements, asks how far the log goes."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from datetime import timedelta

from api.ends import EndOffsets
from api.ports import LogAway, Misconfigured, ToAppend
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
        if not self._ends.seen:
            await self._meet()
        outcome = await self._outcome(self._send(order_id, value))
        if isinstance(outcome, LogAway):
            raise outcome
        return outcome

    async def append_all(self, records: Sequence[ToAppend]) -> list[Appended | LogAway]:
        """Append records, in their sequence; return what came of each."""
        if not self._ends.seen:
            try:
                await self._meet()
            except LogAway as away:
                return [away] * len(records)
        sent = [self._send(order_id, value) for order_id, value in records]
        return [await self._outcome(one) for one in sent]

    async def ends(self) -> Mapping[int, int]:
        """Return the end offset of each partition, as of a moment after the call."""
        return await self._shared.answer()

    def _send(self, order_id: str, value: bytes) -> asyncio.Future[Appended]:
        partition = partition_of(order_id, self._partitions)
        # It has the same patience.
        return self._appender.append(self._topic, partition, order_id.encode(), value)

    async def _outcome(self, sent: Awaitable[Appended]) -> Appended | LogAway:
        try:
            appended = await sent
        except NotAcknowledged as error:
            return self._away(error)
        if not self._acknowledges:
            self._tell(acknowledges=True)
        return appended

    def _away(self, error: Exception) -> LogAway:
        self._tell(acknowledges=False)
        away = LogAway(f"not acknowledged: {error!r}")
        away.__cause__ = error
        return away

    def _tell(self, *, acknowledges: bool) -> None:
        if acknowledges != self._acknowledges:
            logger.warning("log acknowledges again" if acknowledges else "log is silent")
        self._acknowledges = acknowledges

    async def _meet(self) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._met()
        except (LogAway, TimeoutError) as error:
            raise self._away(error) from error

    async def _met(self) -> None:
        while not self._ends.seen:
            try:
                await self.ends()
            except Misconfigured:
                raise
            except LogAway:
                await asyncio.sleep(PAUSE_S)
