"""The log read by a plain consumer: what the agent's stream did not bring, or not yet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition

from orders.errors import OrderError
from runtime.records import poll
from streams.partition import Partition

_PATIENCE = timedelta(milliseconds=250)
_BATCH = 500
_GROWS = timedelta(seconds=15)
_LOOK = timedelta(milliseconds=500)


class WrongLog(OrderError):
    """The log ends before what is known of it; the message says where, and what to do."""


class WrongPartitions(OrderError):
    """The topic has another number of partitions than this worker was told."""


async def catch_up(bootstrap: str, topic: str, number: int, partition: Partition) -> None:
    """Fold the log from the partition's next offset to its end, then let it go live.

    The end is asked for after the partition was assigned, and whatever the agent passed over
    meanwhile is read too: nothing lies between this and what the agent brings next. Raises
    `aiokafka.errors.KafkaError` when the broker is away, `WrongPartitions` when the topic has
    another number of them than this worker was told, `WrongLog` when it stays too short.
    """
    place = TopicPartition(topic, number)
    async with _consumer(bootstrap) as consumer:
        end = await _end(consumer, place, partition.next_offset)
        consumer.assign([place])
        consumer.seek(place, partition.next_offset)
        # A broker that has just started may answer without having heard of any topic.
        if found := consumer.partitions_for_topic(topic):
            _require_partitions(partition.partitions, len(found))
        while partition.next_offset < end or not partition.has_caught_up:
            for record in await poll(consumer, _PATIENCE, _BATCH):
                partition.fold(record)
        partition.go_live()


def _require_partitions(told: int, found: int) -> None:
    if found != told:
        raise WrongPartitions(
            f"the log has {found} partitions, this worker was told {told}: "
            f"set ENGINE_PARTITIONS={found}"
        )


async def _end(consumer: AIOKafkaConsumer, place: TopicPartition, least: int) -> int:
    # A new leader may not know how far the log is acknowledged until a dead follower is given up.
    now = asyncio.get_running_loop().time
    deadline = now() + _GROWS.total_seconds()
    while True:
        end: int = (await consumer.end_offsets([place]))[place]
        if end >= least:
            return end
        if now() > deadline:
            raise WrongLog(
                f"partition {place.partition} of {place.topic} ends at offset {end}, it was known "
                f"up to {least}: the tables belong to another log, or Kafka lost records; "
                "an empty database as ENGINE_DATABASE_URL is filled from what there is"
            )
        await asyncio.sleep(_LOOK.total_seconds())


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
