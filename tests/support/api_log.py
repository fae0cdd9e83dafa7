"""The log as the API writes it, in memory: it can go away and keep silent."""

import asyncio
from collections import defaultdict
from datetime import timedelta

from api.ports import LogAway
from orders.admission import Record
from orders.topics import partition_of
from orders.wire import decode, encode
from runtime.appender import Appended
from tests.support.builders import T0

PARTITIONS = 4


class MemoryLog:
    """A log that appends at once, is away, or keeps silent: then `land` may append it later."""

    def __init__(self):
        self.records = defaultdict(list)
        self.away = False
        self.silent = False
        self.delay = timedelta()
        self.asked = 0
        self.appended = lambda: None
        self.lost = []
        self._grown = asyncio.Event()

    async def append_all(self, records):
        outcomes = []
        for record in records:
            try:
                outcomes.append(await self.append(*record))
            except LogAway as away:
                outcomes.append(away)
        return outcomes

    async def append(self, order_id, value):
        if self.away:
            raise LogAway("it is away")
        if self.silent:
            self.lost.append((order_id, value))
            raise LogAway("it does not say whether it appended")
        return self._append(order_id, value)

    async def ends(self):
        self.asked += 1
        if self.away:
            raise LogAway("it is away")
        return {number: len(self.records[number]) for number in range(PARTITIONS)}

    def write(self, *events):
        """Put events there as another process would."""
        for event in events:
            self._append(event.order_id, encode(event))

    def land(self):
        """Append what was sent first of all that was not acknowledged."""
        self._append(*self.lost.pop(0))

    async def holds(self, count):
        """Return when so many records are there."""
        while len(self.events) < count:
            self._grown.clear()
            await self._grown.wait()

    def _append(self, order_id, value):
        partition = partition_of(order_id, PARTITIONS)
        records, at = self.records[partition], T0 + self.delay
        records.append(Record(partition, len(records), order_id.encode(), value, at))
        self._grown.set()
        self.appended()
        return Appended(partition, records[-1].offset, at)

    @property
    def events(self):
        return [decode(record.value) for records in self.records.values() for record in records]
