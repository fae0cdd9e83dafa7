"""The log read by a plain consumer: what the agent's stream did not bring, or not yet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from orders.admission import Record
from streams.partition import Partition

_POLL_MS = 250
_BATCH = 5_000


async def catch_up(bootstrap: str, topic: str, number: int, partition: Partition) -> None:
    """Fold the log from the partition's next offset to its end, then let it go live.

    The end is asked for after the partition was assigned, and whatever the agent passed over
    meanwhile is read too: nothing lies between this and what the agent brings next. Raises
    `aiokafka.errors.KafkaError` when the broker is away, `WrongPartitions` when the topic has
    another number of them than this worker was told.
    """
    place = TopicPartition(topic, number)
    async with _consumer(bootstrap) as consumer:
        consumer.assign([place])
        consumer.seek(place, partition.next_offset)
        end = (await consumer.end_offsets([place]))[place]
        partition.require_partitions(len(consumer.partitions_for_topic(topic) or ()))
        while partition.next_offset < end or not partition.has_caught_up:
            batches = await consumer.getmany(place, timeout_ms=_POLL_MS, max_records=_BATCH)
            for found in batches.get(place, ()):
                partition.fold(_record(found))
        partition.go_live()


@asynccontextmanager
async def _consumer(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


def _record(found: ConsumerRecord) -> Record:
    appended_at = datetime.fromtimestamp(found.timestamp / 1000, UTC)
    return Record(found.partition, found.offset, found.key, found.value, appended_at)
