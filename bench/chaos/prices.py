"""When the market told a price in a campaign, by the broker's time."""

from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

_PATIENCE_MS = 1_000


async def told_at(kafka: str, topic: str) -> list[datetime]:
    """Return the moments (UTC) of all prices there are now, each once."""
    place = TopicPartition(topic, 0)
    moments: dict[int, None] = {}
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest"
    ) as consumer:
        consumer.assign([place])
        [end] = (await consumer.end_offsets([place])).values()
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(timeout_ms=_PATIENCE_MS)).values():
                moments.update((record.timestamp, None) for record in records)
    return [datetime.fromtimestamp(one / 1_000, UTC) for one in moments]
