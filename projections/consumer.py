"""The log as the projector reads it: all partitions, from offsets of its own, in no group."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownTopicOrPartitionError

from orders.admission import Record, admit
from orders.errors import NewerSchema
from projections.batch import Reading
from runtime.records import poll

_REQUEST_TIMEOUT = timedelta(seconds=4)
_STOP_TIMEOUT = timedelta(seconds=1)
_FETCHES_END = timedelta(milliseconds=50)
_CATCH_UP = timedelta(seconds=5)
_TURN = 200


class WrongTopic(Exception):
    """The topic cannot be the log of these tables; the message says why."""


class EventLog:
    """Reads the records of one topic, each partition in sequence."""

    def __init__(self, consumer: AIOKafkaConsumer, bootstrap: str, topic: str) -> None:
        self._consumer = consumer
        self.bootstrap = bootstrap
        self.topic = topic

    def start(self, next_offsets: Mapping[int, int]) -> None:
        """Go on from these offsets, one for each partition."""
        places = {self._place(partition): offset for partition, offset in next_offsets.items()}
        self._consumer.assign(list(places))
        for place, offset in places.items():
            self._consumer.seek(place, offset)

    async def read(self, most: int, patience: timedelta) -> list[Record]:
        """Return up to so many records, or none when none came in time."""
        return await poll(self._consumer, patience, most)

    async def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        """Return the offset at which each partition ends now; raise KafkaError without a broker."""
        places = [self._place(partition) for partition in partitions]
        ends = await self._consumer.end_offsets(places)
        return {place.partition: ends[place] for place in places}

    async def check(self, next_offsets: Mapping[int, int]) -> None:
        """Raise `WrongTopic` when the broker does not have what follows these offsets.

        Raises KafkaError when no broker answers.
        """
        places = {self._place(partition): offset for partition, offset in next_offsets.items()}
        first = await self._consumer.beginning_offsets(list(places))
        for place, offset in places.items():
            if offset < first[place]:
                raise WrongTopic(
                    f"{_named(place)} begins at offset {first[place]}, the tables end at {offset}: "
                    "records were deleted that the tables never had"
                )
        await self._require_end(places)

    async def _require_end(self, places: Mapping[TopicPartition, int]) -> None:
        # A new leader may not know yet how far the log is acknowledged.
        deadline = asyncio.get_running_loop().time() + _CATCH_UP.total_seconds()
        while True:
            last = await self._consumer.end_offsets(list(places))
            short = [place for place, offset in places.items() if last[place] < offset]
            if not short:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise WrongTopic(
                    f"{_named(short[0])} ends at offset {last[short[0]]}, the tables end at "
                    f"{places[short[0]]}: the tables belong to another log, or Kafka lost records; "
                    "an empty database as ENGINE_DATABASE_URL is filled from what there is"
                )
            await asyncio.sleep(0.5)

    def _place(self, partition: int) -> TopicPartition:
        return TopicPartition(self.topic, partition)


async def judge(
    records: Iterable[Record], partitions: int
) -> tuple[list[Reading], NewerSchema | None]:
    """Return each record with what admission says of it, up to the first of a newer schema.

    Now and then others have their turn: PostgreSQL writes what was read before meanwhile.
    """
    readings: list[Reading] = []
    for number, record in enumerate(records, 1):
        try:
            readings.append(Reading(record, admit(record, partitions)))
        except NewerSchema as newer:
            return readings, newer
        if number % _TURN == 0:
            await asyncio.sleep(0)
    return readings, None


@asynccontextmanager
async def open_log(bootstrap: str, topic: str, partitions: int) -> AsyncIterator[EventLog]:
    """Open the log; raise `WrongTopic` for another partition count, KafkaError without a broker."""
    await _require_partitions(bootstrap, topic, partitions)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="none",
        request_timeout_ms=_milliseconds(_REQUEST_TIMEOUT),
    )
    try:
        await consumer.start()
        yield EventLog(consumer, bootstrap, topic)
    finally:
        await _stop(consumer)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    # aiokafka 0.14 ends its own stop half-way, as if cancelled, when a fetch waits to be tried
    # again; without partitions there is none, as soon as its tasks have seen that.
    consumer.unsubscribe()
    await asyncio.sleep(_FETCHES_END.total_seconds())
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait({stopping}, timeout=_STOP_TIMEOUT.total_seconds())
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)


async def _require_partitions(bootstrap: str, topic: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, request_timeout_ms=_milliseconds(_REQUEST_TIMEOUT)
    )
    try:
        await admin.start()
        [described] = await admin.describe_topics([topic])
    finally:
        await admin.close()
    count = len(described["partitions"])
    if count == 0:
        raise UnknownTopicOrPartitionError(f"there is no topic {topic} yet")
    if count != partitions:
        raise WrongTopic(
            f"topic {topic} has {count} partitions, not {partitions}: "
            f"set ENGINE_PARTITIONS={count}, or use another ENGINE_TOPIC_PREFIX"
        )


def _named(place: TopicPartition) -> str:
    return f"partition {place.partition} of {place.topic}"


def _milliseconds(time: timedelta) -> int:
    return int(time.total_seconds() * 1000)
