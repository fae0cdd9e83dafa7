"""Reads a topic to its end and decodes each record, and does nothing else."""

import asyncio
import time
from dataclasses import dataclass

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition

from orders.wire import decode
from runtime.garbage import collect_rarely

PATIENCE_S = 300
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Read:
    """How long it took, and how much CPU time."""

    seconds: float
    cpu_seconds: float


def consume(kafka: str, topic: str, partitions: int, count: int) -> Read:
    """Read and decode so many records from the beginning on."""
    collect_rarely()
    return uvloop.run(_consume(kafka, topic, partitions, count))


async def _consume(kafka: str, topic: str, partitions: int, count: int) -> Read:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    async with consumer, asyncio.timeout(PATIENCE_S):
        consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
        await consumer.seek_to_beginning()
        began, seen = (time.perf_counter(), time.process_time()), 0
        while seen < count:
            found = await consumer.getmany(timeout_ms=1_000, max_records=AT_ONCE)
            for records in found.values():
                for record in records:
                    decode(record.value)
                seen += len(records)
        return Read(time.perf_counter() - began[0], time.process_time() - began[1])
