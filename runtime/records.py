"""The log as a plain consumer brings it: every offset accounted for, whatever clients wrote."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from orders.admission import Record, marker


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


async def _positions(consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, int]:
    return {place: await consumer.position(place) for place in consumer.assignment()}


def _whole(
    partition: int, first: int, found: Sequence[ConsumerRecord], end: int
) -> Iterator[Record]:
    following = first
    for one in found:
        if following != one.offset:
            yield from (marker(partition, offset) for offset in range(following, one.offset))
        yield Record(partition, one.offset, one.key, one.value, moment_of(one.timestamp))
        following = one.offset + 1
    yield from (marker(partition, offset) for offset in range(following, end))


@lru_cache(maxsize=64)
def moment_of(milliseconds: int) -> datetime:
    """Return a broker's time: what was appended together has one, and one object of it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
