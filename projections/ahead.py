"""What is read of the log and judged before it can be written."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from orders.errors import NewerSchema
from projections.batch import Reading, after, unread
from projections.consumer import EventLog, judge

_NOW = timedelta()
_FETCH = timedelta(milliseconds=5)
"""How long a broker may take to hand over what it has."""


class Ahead:
    """The next batch as it comes together: at most so many records, none after a newer schema's."""

    def __init__(self, log: EventLog, following: Mapping[int, int], most: int) -> None:
        self._log = log
        self._most = most
        self.following = following
        """The offsets to read next once these records are read."""
        self.readings: list[Reading] = []
        self.newer: NewerSchema | None = None

    async def begin(self, patience: timedelta) -> None:
        """Wait so long for the first records. Raises `Hole`, KafkaError."""
        await self._read(patience)

    async def fill(self, rested: asyncio.Event) -> None:
        """Unless the batch is full or empty, add what comes until `rested`; raise as `begin`."""
        while self._has_room and not rested.is_set():
            if not await self._read(_NOW):
                await rested.wait()
                # The client asked for more when it had handed over the last, and got what came
                # first: what came after that is one more fetch away.
                if await self._read(_NOW) and self._has_room:
                    await self._read(_FETCH)

    @property
    def _has_room(self) -> bool:
        return 0 < len(self.readings) < self._most and self.newer is None

    async def _read(self, patience: timedelta) -> bool:
        records = await self._log.read(self._most - len(self.readings), patience)
        found, self.newer = await judge(unread(records, self.following), len(self.following))
        self.readings += found
        self.following = after((reading.record for reading in found), self.following)
        return bool(records)
