"""The log as a test reads and writes it, with clients of its own."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from orders.admission import Record
from orders.events import AnyOrderEvent
from orders.topics import partition_of
from orders.wire import decode, encode
from tests.support import builders

T = TypeVar("T")


def placement(order_id: str, at: datetime | None = None, **changes) -> AnyOrderEvent:
    """Return a placement that is in time when it is appended now."""
    now = at or datetime.now(UTC)
    return builders.placed(
        order_id=order_id,
        event_id=order_id.replace("-", ""),
        occurred_at=now,
        not_after=now + timedelta(seconds=30),
        **changes,
    )


def placements(count: int, **changes) -> list[AnyOrderEvent]:
    """Return so many placements of orders that there are not yet."""
    return [placement(str(uuid.uuid4()), **changes) for _ in range(count)]


async def append(kafka: str, topic: str, partitions: int, *events: AnyOrderEvent) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        for event in events:
            partition = partition_of(event.order_id, partitions)
            await producer.send(topic, encode(event), event.order_id.encode(), partition)
        await producer.flush()


async def read_log(kafka: str, topic: str, partitions: int) -> list[Record]:
    """Return every record there is now, partition by partition."""
    places = [TopicPartition(topic, number) for number in range(partitions)]
    records = []
    async with AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False) as consumer:
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        for place in places:
            while await consumer.position(place) < ends[place]:
                for found in (await consumer.getmany(place, timeout_ms=200)).get(place, []):
                    at = datetime.fromtimestamp(found.timestamp / 1000, UTC)
                    records.append(
                        Record(found.partition, found.offset, found.key, found.value, at)
                    )
    return records


async def read_events(kafka: str, topic: str, partitions: int) -> list[AnyOrderEvent]:
    return [decode(record.value or b"") for record in await read_log(kafka, topic, partitions)]


async def eventually(
    condition: Callable[[], Awaitable[T | None]], patience: float = 30, every: float = 0.1
) -> T:
    """Return the condition's first true result; fail when none comes in so many seconds."""
    deadline = time.monotonic() + patience
    while True:
        looked_at = time.monotonic()
        if result := await condition():
            return result
        assert time.monotonic() < deadline, f"not within {patience} s"
        # A look that is dear is taken less often: those of a whole log were a core's work.
        await asyncio.sleep(max(every, 3 * (time.monotonic() - looked_at)))
