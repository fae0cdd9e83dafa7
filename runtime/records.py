"""The log as a plain consumer brings it: every offset accounted for, whatever clients wrote."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from orders.admission import Record, marker

_STOP_TIMEOUT = timedelta(seconds=1)
_FETCHES_END = timedelta(milliseconds=50)


async def poll(consumer: AIOKafkaConsumer, patience: timedelta, most: int) -> list[Record]:
    """Return what comes next, about so many records at most, or none when none came in time.

    The consumer reads partitions assigned by hand from where it was told to begin, and resets
    nothing: so whatever offsets it leaves out hold markers of the broker, which are returned as
    such. Raises KafkaError.
    """
    begun = await _positions(consumer)
    milliseconds = int(patience.total_seconds() * 1000)
    found = await consumer.getmany(timeout_ms=milliseconds, max_records=most)
    reached = await _positions(consumer)
    return [
        record
        for place, first in begun.items()
        for record in _whole(place.partition, first, found.get(place, ()), reached[place])
    ]


async def close(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer that belongs to no group, in bounded time and whatever it waits for.

    aiokafka 0.14 ends its own stop half-way, as if cancelled, when a fetch waits to be tried again;
    without partitions there is none, as soon as its tasks have seen that.
    """
    consumer.unsubscribe()
    await asyncio.sleep(_FETCHES_END.total_seconds())
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait({stopping}, timeout=_STOP_TIMEOUT.total_seconds())
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)


async def _positions(consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, int]:
    return {place: await consumer.position(place) for place in consumer.assignment()}


def _whole(
    partition: int, first: int, found: Sequence[ConsumerRecord], end: int
) -> Iterator[Record]:
    following = first
    for one in found:
        yield from (marker(partition, offset) for offset in range(following, one.offset))
        appended_at = datetime.fromtimestamp(one.timestamp / 1000, UTC)
        yield Record(partition, one.offset, one.key, one.value, appended_at)
        following = one.offset + 1
    yield from (marker(partition, offset) for offset in range(following, end))
