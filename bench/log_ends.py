"""The log as a measurement follows it: which events came, and when the broker had them."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from typing import Self, TypeVar, cast

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.engine import NotInTime
from orders.events import AnyOrderEvent
from orders.wire import decode

PATIENCE_S = 600

E = TypeVar("E", bound=AnyOrderEvent)


class Log:
    """Reads a log from its beginning on and keeps what comes, by type."""

    def __init__(self, kafka: str, topic: str, partitions: int) -> None:
        self._consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
        self._places = [TopicPartition(topic, number) for number in range(partitions)]
        self._found: defaultdict[type, list[tuple[AnyOrderEvent, datetime]]] = defaultdict(list)

    async def __aenter__(self) -> Self:
        """Begin to read."""
        await self._consumer.start()
        self._consumer.assign(self._places)
        await self._consumer.seek_to_beginning()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        await self._consumer.stop()

    def found(self, kind: type[E]) -> list[tuple[E, datetime]]:
        """Return the events of a type that came, each with the broker's time (UTC)."""
        return cast("list[tuple[E, datetime]]", self._found[kind])

    async def until(self, kind: type[E], count: int) -> list[tuple[E, datetime]]:
        """Return those of a type once there are so many. Raises `NotInTime`."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while len(self.found(kind)) < count:
            if asyncio.get_running_loop().time() > deadline:
                raise NotInTime(f"{len(self.found(kind)):,} of {count:,} {kind.__name__}")
            for records in (await self._consumer.getmany(timeout_ms=50)).values():
                for record in records:
                    event = decode(record.value)
                    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
                    self._found[type(event)].append((event, at))
        return self.found(kind)
