"""One record at a time: appended, acknowledged and read back, and nothing done with it."""

import asyncio
import time

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

PATIENCE_S = 60
FIRST = 50
"""So many are not counted: both ends and the broker get warm."""


def round_trips(kafka: str, topic: str, value: bytes, count: int) -> list[float]:
    """Return the seconds of each, from the call that appends to the record in the reader's hand."""
    return uvloop.run(_round_trips(kafka, topic, value, count))


async def _round_trips(kafka: str, topic: str, value: bytes, count: int) -> list[float]:
    place, took = TopicPartition(topic, 0), list[float]()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
    async with consumer, producer:
        consumer.assign([place])
        await consumer.seek_to_end(place)
        await consumer.position(place)
        for _ in range(FIRST + count):
            began = time.perf_counter()
            async with asyncio.timeout(PATIENCE_S):
                await producer.send(topic, value, partition=0)
                await consumer.getone()
            took.append(time.perf_counter() - began)
    return took[FIRST:]
