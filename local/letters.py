"""The dead-letter topic read back: which records were not admitted, where they stand, and why."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from local.errors import EngineError
from orders.topics import Topics
from runtime.headers import tolerate_any_names

CONNECT_TIMEOUT = timedelta(seconds=10)
SILENCE = timedelta(seconds=30)
STOP_TIMEOUT = timedelta(seconds=1)
WINDOW = 1_000
POLL_MS = 500
POLL_RECORDS = 100


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that was not admitted: where it stands in the log, since when it is known, why.

    `size` is that of key and value in bytes; `cut` says whether the dead letter holds less.
    """

    topic: str
    partition: int
    offset: int
    at: datetime
    reason: str
    message: str
    size: int
    cut: bool


@dataclass(frozen=True, slots=True)
class Original:
    """The record itself, as it stands in the log."""

    appended_at: datetime
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


class _Consumer(AIOKafkaConsumer):
    # aiokafka 0.14 may end its own stop half-way, as if cancelled, and leaves a connection open
    # whose making it cancels: whatever is being connected is waited for first.
    async def stop(self) -> None:
        for broker in self._client.cluster.brokers():
            await self._client.ready(broker.nodeId)
        try:
            await super().stop()
        finally:
            await self._client.close()


class Letters:
    """Reads the dead letters of one engine, and the records they are about."""

    def __init__(self, consumer: AIOKafkaConsumer, topics: Topics, partitions: int) -> None:
        self._consumer = consumer
        self._topics = topics
        self.partitions = partitions

    async def newest(self, limit: int | None, reason: str | None = None) -> list[Letter]:
        """Return the newest letters, each record once, the newest first. Raises EngineError."""
        found = [
            letter
            for number in range(self.partitions)
            for letter in await self._newest_of(number, limit, reason)
        ]
        return sorted(found, key=lambda letter: letter.at, reverse=True)[:limit]

    async def find(self, partition: int, offset: int) -> Letter | None:
        """Return the letter about the record at this place of the log. Raises EngineError."""
        if partition >= self.partitions:
            return None
        async for letter in self._backwards(partition):
            if (letter.partition, letter.offset) == (partition, offset):
                return letter
        return None

    async def original(self, letter: Letter) -> Original:
        """Return the record a letter is about, whole. Raises EngineError."""
        place = TopicPartition(letter.topic, letter.partition)
        async for record in self._between(place, letter.offset, letter.offset + 1):
            return Original(_time(record), record.key, record.value, tuple(record.headers))
        raise EngineError(f"{letter.topic} has no record at {letter.partition}:{letter.offset}")

    async def _newest_of(self, number: int, limit: int | None, reason: str | None) -> list[Letter]:
        found: dict[tuple[int, int], Letter] = {}
        async for letter in self._backwards(number):
            if limit is not None and len(found) >= limit:
                break
            if reason in {None, letter.reason}:
                # The projector may write a letter twice: the place tells that they are one.
                found.setdefault((letter.partition, letter.offset), letter)
        return list(found.values())

    async def _backwards(self, number: int) -> AsyncIterator[Letter]:
        # A letter stands in the partition of the same number as its record.
        place = TopicPartition(self._topics.dead_letter, number)
        first = (await self._consumer.beginning_offsets([place]))[place]
        end = (await self._consumer.end_offsets([place]))[place]
        while end > first:
            start = max(first, end - WINDOW)
            window = [record async for record in self._letters(place, start, end)]
            for letter in reversed(window):
                yield letter
            end = start

    async def _letters(self, place: TopicPartition, start: int, end: int) -> AsyncIterator[Letter]:
        async for record in self._between(place, start, end):
            if letter := _letter(record):
                yield letter

    async def _between(
        self, place: TopicPartition, start: int, end: int
    ) -> AsyncIterator[ConsumerRecord]:
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        clock = asyncio.get_running_loop().time
        heard_at = clock()
        while (position := await self._consumer.position(place)) < end:
            found = await self._consumer.getmany(
                place, timeout_ms=POLL_MS, max_records=POLL_RECORDS
            )
            for record in found.get(place, ()):
                if record.offset < end:
                    yield record
            if await self._consumer.position(place) > position:
                heard_at = clock()
            elif clock() - heard_at > SILENCE.total_seconds():
                raise EngineError(f"Kafka gave nothing of {place.topic} for {SILENCE.seconds} s")


@asynccontextmanager
async def open_letters(kafka: str, topics: Topics) -> AsyncIterator[Letters]:
    """Open the dead letters at host:port. Raises EngineError, then or later."""
    tolerate_any_names()
    consumer = _Consumer(
        bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="none"
    )
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT.total_seconds()):
            partitions = await _partitions(kafka, topics.dead_letter)
            await consumer.start()
        yield Letters(consumer, topics, partitions)
    except (KafkaError, OSError) as error:  # a time-out is an OSError too
        why = str(error) or type(error).__name__
        raise EngineError(f"Kafka at {kafka} cannot be read: {why}") from error
    finally:
        await _stop(consumer)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait({stopping}, timeout=STOP_TIMEOUT.total_seconds())
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)


async def _partitions(kafka: str, topic: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    try:
        await admin.start()
        [described] = await admin.describe_topics([topic])
    finally:
        await admin.close()
    if not described["partitions"]:
        raise EngineError(f"Kafka at {kafka} has no topic {topic}")
    return len(described["partitions"])


def _letter(record: ConsumerRecord) -> Letter | None:
    """Return what a record of the dead-letter topic tells, or None when it is no letter of ours."""
    told: Mapping[str, bytes | None] = dict(record.headers)
    try:
        size = len(record.key or b"") + len(record.value or b"")
        return Letter(
            topic=_text(told["topic"]),
            partition=int(_text(told["partition"])),
            offset=int(_text(told["offset"])),
            at=_time(record),
            reason=_text(told["reason"]),
            message=_text(told["message"]),
            size=int(_text(told.get("cut_from_bytes")) or size),
            cut="cut_from_bytes" in told,
        )
    except (KeyError, ValueError):
        return None


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")


def _time(record: ConsumerRecord) -> datetime:
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)
