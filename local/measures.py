"""How many orders an engine has, and how far its tables are behind its log."""

from dataclasses import dataclass
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from local.state import Endpoints
from orders.topics import Topics

ACTIVE_SCHEMA = "select set_config('search_path', schema_name, true) from public.projection_pointer"
# An order that ended is not quarantined: with it the index of the open ones is used.
QUARANTINED = "select count(*) from orders where quarantined and orders.open"
TIMEOUT = 5


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts of orders by status; lag in records, by partition and in all. None where unknown.

    `dead_letters` are the records on that topic: one that was noted twice counts twice.
    """

    counts: dict[str, int] | None
    lag: dict[str, Any] | None
    quarantined: int | None = None
    dead_letters: int | None = None


async def measure(endpoints: Endpoints) -> Measures:
    """Return what PostgreSQL and Kafka tell at this moment."""
    try:
        counts, stored, quarantined = await _from_postgres(endpoints.database_url)
    except psycopg.Error:
        return Measures(counts=None, lag=None)
    try:
        ends, dead_letters = await _from_kafka(endpoints)
    except (KafkaError, OSError):
        return Measures(counts=counts, lag=None, quarantined=quarantined)
    behind = {str(number): end - stored.get(number, 0) for number, end in sorted(ends.items())}
    lag = {"total": sum(behind.values()), "partitions": behind}
    return Measures(counts, lag, quarantined, dead_letters)


async def _from_postgres(url: str) -> tuple[dict[str, int], dict[int, int], int]:
    async with (
        await psycopg.AsyncConnection.connect(url, connect_timeout=TIMEOUT) as connection,
        connection.transaction(),
    ):
        await connection.execute(ACTIVE_SCHEMA)
        counts = await connection.execute(
            "select key, n from order_counts where scope = 'status' and n > 0 order by key"
        )
        by_status = {str(status): int(count) for status, count in await counts.fetchall()}
        offsets = await connection.execute("select partition, next_offset from projection_offsets")
        stored: dict[int, int] = dict(await offsets.fetchall())
        found = await (await connection.execute(QUARANTINED)).fetchone()
        return by_status, stored, found[0] if found else 0


async def _from_kafka(endpoints: Endpoints) -> tuple[dict[int, int], int]:
    topics, numbers = Topics(endpoints.topic_prefix), range(endpoints.partitions)
    log = [TopicPartition(topics.events, number) for number in numbers]
    letters = [TopicPartition(topics.dead_letter, number) for number in numbers]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=endpoints.kafka, request_timeout_ms=TIMEOUT * 1000
    )
    try:
        await consumer.start()
        ends = await consumer.end_offsets([*log, *letters])
        begins = await consumer.beginning_offsets(letters)
    finally:
        await consumer.stop()
    noted = sum(ends[place] - begins[place] for place in letters)
    return {place.partition: ends[place] for place in log}, noted
