"""How many orders an engine has, and how far its tables are behind its log."""

from dataclasses import dataclass
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from local.state import Endpoints
from orders.topics import Topics

ACTIVE_SCHEMA = "select set_config('search_path', schema_name, true) from public.projection_pointer"
TIMEOUT = 5


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts of orders by status; lag in records, by partition and in all. None where unknown."""

    counts: dict[str, int] | None
    lag: dict[str, Any] | None


async def measure(endpoints: Endpoints) -> Measures:
    """Return what PostgreSQL and Kafka tell at this moment."""
    try:
        counts, stored = await _from_postgres(endpoints.database_url)
    except psycopg.Error:
        return Measures(counts=None, lag=None)
    try:
        ends = await _end_offsets(endpoints)
    except (KafkaError, OSError):
        return Measures(counts=counts, lag=None)
    behind = {str(number): end - stored.get(number, 0) for number, end in sorted(ends.items())}
    return Measures(counts=counts, lag={"total": sum(behind.values()), "partitions": behind})


async def _from_postgres(url: str) -> tuple[dict[str, int], dict[int, int]]:
    async with (
        await psycopg.AsyncConnection.connect(url, connect_timeout=TIMEOUT) as connection,
        connection.transaction(),
    ):
        await connection.execute(ACTIVE_SCHEMA)
        counts = await connection.execute(
            "select status, count(*) from orders group by 1 order by 1"
        )
        by_status = {str(status): int(count) for status, count in await counts.fetchall()}
        offsets = await connection.execute("select partition, next_offset from projection_offsets")
        return by_status, dict(await offsets.fetchall())


async def _end_offsets(endpoints: Endpoints) -> dict[int, int]:
    topic = Topics(endpoints.topic_prefix).events
    partitions = [TopicPartition(topic, number) for number in range(endpoints.partitions)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=endpoints.kafka, request_timeout_ms=TIMEOUT * 1000
    )
    try:
        await consumer.start()
        ends = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    return {one.partition: end for one, end in ends.items()}
