"""The log read by a plain consumer: what the agent's stream did not bring, or not yet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime.records import poll
from streams.partition import Partition

_PATIENCE = timedelta(milliseconds=250)
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
        # A broker that has just started may answer without having heard of any topic.
        if found := consumer.partitions_for_topic(topic):
            partition.require_partitions(len(found))
        while partition.next_offset < end or not partition.has_caught_up:
            for record in await poll(consumer, _PATIENCE, _BATCH):
                partition.fold(record)
        partition.go_live()


@asynccontextmanager
async def _consumer(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none"
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
