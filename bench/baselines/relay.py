"""The least that a worker does for an order: reads each of its events, and appends the next one.

It decides nothing, asks no venue, keeps no state and recovers from nothing; it decodes what it
reads and encodes what it appends, and appends as the worker does.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.histories import append, life_of
from orders.events import AnyOrderEvent
from orders.topics import partition_of
from orders.wire import decode, encode
from runtime.garbage import collect_rarely

PATIENCE_S = 120
BATCH_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Relayed:
    """How long it took and how much CPU time."""

    seconds: float
    cpu_seconds: float


def relay(kafka: str, topic: str, partitions: int, orders: int) -> Relayed:
    """Append so many placements, then take all of these orders to their ends."""
    collect_rarely()
    lives = [list(life_of(str(uuid.uuid4()))) for _ in range(orders)]
    return uvloop.run(_relay(kafka, topic, partitions, lives))


async def _relay(
    kafka: str, topic: str, partitions: int, lives: Sequence[list[AnyOrderEvent]]
) -> Relayed:
    following = {event.event_id: then for life in lives for event, then in pairwise(life)}
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES
    )
    async with consumer, producer, asyncio.timeout(PATIENCE_S):
        places = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(places)
        await consumer.seek_to_end()
        for place in places:
            await consumer.position(place)
        await append(kafka, topic, partitions, [life[0] for life in lives])
        began, ended = (time.perf_counter(), time.process_time()), 0
        while ended < len(lives):
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                for record in records:
                    then = following.get(decode(record.value).event_id)
                    if then is None:
                        ended += 1
                        continue
                    where, key = partition_of(then.order_id, partitions), then.order_id.encode()
                    await producer.send(topic, encode(then), key, where)
        return Relayed(time.perf_counter() - began[0], time.process_time() - began[1])
