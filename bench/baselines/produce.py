"""Appends the same bytes to a topic as fast as the client goes, and does nothing else."""

import asyncio
import time
from collections.abc import Iterator

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

BATCH_BYTES = 256 * 1024
PATIENCE_S = 30


def one_by_one(kafka: str, topic: str, value: bytes, seconds: float, waiting: int) -> float:
    """Return the records a second that are acknowledged while so many wait for it at once."""
    return uvloop.run(_one_by_one(kafka, topic, value, seconds, waiting))


def in_bulk(kafka: str, topic: str, value: bytes, count: int) -> float:
    """Return the records a second of so many that are appended without waiting for each."""
    return uvloop.run(_in_bulk(kafka, topic, value, count))


async def first_record(kafka: str, topic: str, partitions: int) -> bytes:
    """Return a record of a topic that has some."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    async with consumer, asyncio.timeout(PATIENCE_S):
        consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
        await consumer.seek_to_beginning()
        return bytes((await consumer.getone()).value)


def _producer(kafka: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=kafka,
        acks="all",
        enable_idempotence=True,
        max_batch_size=BATCH_BYTES,
    )


async def _one_by_one(kafka: str, topic: str, value: bytes, seconds: float, waiting: int) -> float:
    async with _producer(kafka) as producer:
        await producer.send_and_wait(topic, value, b"warm")
        began = time.perf_counter()

        async def append(number: int) -> int:
            done, key = 0, str(number).encode()
            while time.perf_counter() - began < seconds:
                await producer.send_and_wait(topic, value, key)
                done += 1
            return done

        done = await asyncio.gather(*map(append, range(waiting)))
        return sum(done) / (time.perf_counter() - began)


async def _in_bulk(kafka: str, topic: str, value: bytes, count: int) -> float:
    async with _producer(kafka) as producer:
        await producer.send_and_wait(topic, value, b"warm")
        began = time.perf_counter()
        for key in _keys(count):
            await producer.send(topic, value, key)
        await producer.flush()
        return count / (time.perf_counter() - began)


def _keys(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield b"%d" % (number % 1_000)
