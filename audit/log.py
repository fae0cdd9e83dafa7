"""The log as the auditor reads it: a plain consumer in no group, from offsets of its own."""

import asyncio
import math
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from audit.errors import Unreadable
from runtime.headers import tolerate_any_names

_CONNECT_TIMEOUT = timedelta(seconds=10)
_PATIENCE = timedelta(seconds=30)
_STOP_TIMEOUT = timedelta(seconds=1)
_POLL_MS = 500
_FETCH_WAIT_MS = 10
_FETCH_BYTES = 1024 * 1024


class Record(NamedTuple):
    """A record as the broker keeps it; `appended_at` is the broker's own time (UTC)."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    appended_at: datetime


class Span(NamedTuple):
    """A stretch of one partition: the first offset, and the one after the last."""

    partition: int
    first: int
    end: int


class _Consumer(AIOKafkaConsumer):
    # aiokafka 0.14 ends its own stop half-way, as if cancelled, when a fetch was about to begin.
    async def stop(self) -> None:
        try:
            await super().stop()
        finally:
            await self._client.close()


class Log:
    """One topic; it reads some of its partitions at a time, each in sequence."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str, partitions: int) -> None:
        self._consumer = consumer
        self._topic = topic
        self._partitions = partitions
        self._following: dict[int, int] = {}

    @property
    def partitions(self) -> int:
        """Return how many partitions the log has."""
        return self._partitions

    async def whole(self) -> list[Span]:
        """Return every partition from its first record to its end at this moment."""
        places = [self._place(number) for number in range(self._partitions)]
        first = await self._consumer.beginning_offsets(places)
        end = await self._consumer.end_offsets(places)
        return [Span(place.partition, first[place], end[place]) for place in places]

    async def offsets_at(self, moment: datetime) -> dict[int, int | None]:
        """Return each partition's first offset appended then or later; None where there is none."""
        asked = math.ceil(moment.timestamp() * 1000)
        places = [self._place(number) for number in range(self._partitions)]
        found = await self._consumer.offsets_for_times(dict.fromkeys(places, max(0, asked)))
        return {
            place.partition: answer.offset if (answer := found.get(place)) else None
            for place in places
        }

    def start(self, spans: Sequence[Span]) -> None:
        """Begin to read these stretches, one a partition."""
        self._consumer.assign([self._place(span.partition) for span in spans])
        for span in spans:
            self._consumer.seek(self._place(span.partition), span.first)
        self._following = {span.partition: span.first for span in spans}

    def following(self, partition: int) -> int:
        """Return the offset that comes next; what the broker wrote for itself takes some too."""
        return self._following[partition]

    async def fetch(self, partitions: Collection[int]) -> Mapping[int, Sequence[Record]]:
        """Return what comes next of some of these partitions; others may come along.

        Raises `Unreadable` when nothing comes for long, KafkaError when a record is not there.
        """
        places = {self._place(number) for number in partitions}
        paused = self._consumer.paused()
        self._consumer.resume(*(places & paused))
        self._consumer.pause(*(self._consumer.assignment() - places - paused))
        deadline = asyncio.get_running_loop().time() + _PATIENCE.total_seconds()
        while asyncio.get_running_loop().time() < deadline:
            found = await self._consumer.getmany(timeout_ms=_POLL_MS)
            if await self._moved():
                return {place.partition: [*map(_record, found[place])] for place in found}
        raise Unreadable(f"Kafka gave nothing of {self._topic} for {_PATIENCE}")

    async def read(self, span: Span) -> AsyncIterator[Sequence[Record]]:
        """Yield the records of a stretch, some at a time. Raises what `fetch` raises."""
        number = span.partition
        self.start([span])
        while self._following[number] < span.end:
            found = (await self.fetch([number])).get(number, ())
            if records := [record for record in found if record.offset < span.end]:
                yield records

    async def _moved(self) -> bool:
        # It begins where it was told and resets nothing: offsets that it leaves out hold no records
        # but marks of the broker, such as the end of a transaction.
        before = dict(self._following)
        for place in self._consumer.assignment():
            self._following[place.partition] = await self._consumer.position(place)
        return self._following != before

    def _place(self, number: int) -> TopicPartition:
        return TopicPartition(self._topic, number)


@asynccontextmanager
async def open_log(kafka: str, topic: str) -> AsyncIterator[Log]:
    """Open the topic at host:port; raise `Unreadable` when no broker has it, then or later."""
    consumer = _Consumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=_FETCH_BYTES,
        # What is asked for is there already; a broker that waits for more delays what comes next.
        fetch_max_wait_ms=_FETCH_WAIT_MS,
    )
    tolerate_any_names()
    try:
        partitions = await _connect(consumer, kafka, topic)
        yield Log(consumer, topic, partitions)
    except KafkaError as error:
        raise Unreadable(f"Kafka at {kafka} cannot be read: {_told(error)}") from error
    finally:
        await _stop(consumer)


async def _connect(consumer: AIOKafkaConsumer, kafka: str, topic: str) -> int:
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT.total_seconds()):
            partitions = await _partitions(kafka, topic)
            await consumer.start()
    except (KafkaError, OSError) as error:  # a time-out is an OSError too
        raise Unreadable(f"Kafka at {kafka} does not answer: {_told(error)}") from error
    if not partitions:
        raise Unreadable(f"Kafka at {kafka} has no topic {topic}")
    return partitions


async def _partitions(kafka: str, topic: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    try:
        await admin.start()
        [described] = await admin.describe_topics([topic])
        return len(described["partitions"])
    finally:
        await admin.close()


async def _stop(consumer: AIOKafkaConsumer) -> None:
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait({stopping}, timeout=_STOP_TIMEOUT.total_seconds())
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)


def _record(found: ConsumerRecord) -> Record:
    timestamp = datetime.fromtimestamp(found.timestamp / 1000, UTC)
    return Record(found.partition, found.offset, found.key, found.value, timestamp)


def _told(error: BaseException) -> str:
    return str(error) or type(error).__name__
