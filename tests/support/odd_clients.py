"""Clients that write to the log what ours never would."""

import uuid

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from tests.support.log import eventually

APPEND_TIMEOUT = 10
_BATCH = {
    "magic": 2,
    "compression_type": 0,
    "is_transactional": False,
    "producer_id": -1,
    "producer_epoch": -1,
    "base_sequence": 0,
    "batch_size": 100_000,
}


class _NoText(str):
    """A header's name that is no UTF-8."""

    def encode(self, *_):
        return b"\xff\xfe name"


async def append_raw(kafka, topic, partition, key, value, **options) -> int:
    """Append a record as it is and return its offset."""
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", **options) as producer:
        return (await producer.send_and_wait(topic, value, key, partition)).offset


async def append_in_transaction(kafka, topic, partition, *records, commit=True) -> int:
    """Append (key, value) in one transaction and return the first offset; a marker follows."""
    options = {"bootstrap_servers": kafka, "transactional_id": uuid.uuid4().hex}
    async with AIOKafkaProducer(**options) as producer:
        await producer.begin_transaction()
        written = [
            await producer.send_and_wait(topic, value, key, partition) for key, value in records
        ]
        await (producer.commit_transaction() if commit else producer.abort_transaction())
    # Kafka answers before it has written the marker.
    await _has(kafka, TopicPartition(topic, partition), written[-1].offset + 2)
    return written[0].offset


async def _has(kafka, place, end) -> None:
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as reader:

        async def written():
            return (await reader.end_offsets([place]))[place] >= end

        await eventually(written, APPEND_TIMEOUT)


async def append_with_odd_header(kafka, topic, partition, key, value) -> int:
    """Append a record with a header whose name is no text and return its offset."""
    odd = [("", b""), ("none", None), (_NoText("odd"), b"\xff")]
    return await append_as_batch(kafka, topic, partition, key, value, odd)


async def append_as_batch(kafka, topic, partition, key, value, headers=()) -> int:
    """Append a record that aiokafka itself would not send and return its offset."""
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(**_BATCH)
        batch.append(key=key, value=value, timestamp=None, headers=headers)
        sent = await producer.send_batch(batch, topic, partition=partition)
        return (await sent).offset
