"""Where records go that were not admitted: as received, with where they stood and why."""

import asyncio
import logging
from collections.abc import Sequence

from orders.admission import NotAdmitted, Record
from orders.topics import Topics
from projections.batch import Reading
from runtime.appender import Appender

_MAX_BYTES = 1_000_000
_MAX_MESSAGE = 500

logger = logging.getLogger(__name__)


class DeadLetters:
    """Appends to the dead-letter topic and counts; topic, partition and offset tell duplicates."""

    def __init__(self, appender: Appender, topics: Topics) -> None:
        self._appender = appender
        self._topics = topics
        self.sent = 0

    async def send(self, readings: Sequence[Reading]) -> None:
        """Append those not admitted; return when all stand. Raises `NotAcknowledged`."""
        refused = [
            (reading.record, reading.verdict)
            for reading in readings
            if isinstance(reading.verdict, NotAdmitted) and not reading.record.marker
        ]
        if refused:
            await asyncio.gather(*(self._append(*one) for one in refused))
            self.sent += len(refused)
            self._report(len(refused), *refused[0])

    async def _append(self, record: Record, verdict: NotAdmitted) -> None:
        key, value, headers = letter(self._topics.events, record, verdict)
        await self._appender.append(self._topics.dead_letter, record.partition, key, value, headers)

    def _report(self, count: int, first: Record, verdict: NotAdmitted) -> None:
        logger.warning(
            "records not admitted",
            extra={
                "action": "dead_letters",
                "count": count,
                "total": self.sent,
                "partition": first.partition,
                "offset": first.offset,
                "reason": verdict.flaw.value,
                "why": verdict.message[:_MAX_MESSAGE],
            },
        )


Headers = list[tuple[str, bytes]]


def letter(
    topic: str, record: Record, verdict: NotAdmitted
) -> tuple[bytes | None, bytes | None, Headers]:
    """Return key, value and headers of the dead letter.

    Key and value are as received, but no client appends a record with neither, nor a broker one
    that outgrows its limit: an empty value stands for none, and a long one is cut and says so.
    """
    headers = [
        ("topic", topic.encode()),
        ("partition", str(record.partition).encode()),
        ("offset", str(record.offset).encode()),
        ("reason", verdict.flaw.value.encode()),
        ("message", verdict.message[:_MAX_MESSAGE].encode()),
    ]
    key, value = record.key, record.value
    if key is None and value is None:
        return None, b"", headers
    size = len(key or b"") + len(value or b"")
    if size > _MAX_BYTES:
        headers.append(("cut_from_bytes", str(size).encode()))
        key = key and key[: _MAX_BYTES // 2]
        value = value and value[: _MAX_BYTES - len(key or b"")]
    return key, value, headers
