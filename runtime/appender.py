"""The one way into Kafka: an idempotent producer shared by the process, replaced when it dies."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from runtime.crash import Reached, go_on
from runtime.pulse import Pulse

_STOP_TIMEOUT = timedelta(seconds=3)
_BATCH_BYTES = 256 * 1024
_PULSE = timedelta(milliseconds=5)
"""A request to Kafka wakes it and all who read, on every partition it names: one serves many.

`linger_ms` of the producer waits for each partition apart, and for a lone record too.
"""


class NotAcknowledged(Exception):
    """Kafka did not acknowledge in time: the record may be in the log, or may still reach it."""


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a record stands and when the broker put it there (UTC)."""

    partition: int
    offset: int
    appended_at: datetime


class Appender:
    """Appends records with `acks=all`; many may wait for their acknowledgement at once."""

    def __init__(self, bootstrap: str, patience: timedelta, reached: Reached = go_on) -> None:
        self._bootstrap = bootstrap
        self._patience = patience
        self._reached = reached
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._pulse = Pulse(_PULSE)
        self._turns: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._retiring: set[asyncio.Task[None]] = set()

    async def append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> Appended:
        """Append one record and return where it stands; raise `NotAcknowledged` after the time-out.

        A record that was not acknowledged may still be appended later: whoever reads the log must
        be able to tell (rule 6 for placements, versions for all that follows).
        """
        producer: AIOKafkaProducer | None = None
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                self._reached("before-append")
                await self._pulse.wait()
                # One at a time and in turn: whoever waits for room in a full batch is woken by
                # each that leaves, and thousands of them would do nothing but wake each other.
                async with self._turns[topic, partition]:
                    producer = self._producer or await self._start()
                    sent = await producer.send(topic, value, key, partition, headers=list(headers))
                sent.add_done_callback(_observe)
                written = await sent
        except TimeoutError:
            raise NotAcknowledged(f"no acknowledgement within {self._patience}") from None
        except (KafkaError, AssertionError) as error:
            # A record that is too large was refused before it was sent: nothing else suffers.
            if producer is not None and not isinstance(error, MessageSizeTooLargeError):
                self._retire(producer)
            raise NotAcknowledged(repr(error)) from error
        self._reached("after-append")
        appended_at = datetime.fromtimestamp(written.timestamp / 1000, UTC)
        return Appended(written.partition, written.offset, appended_at)

    async def close(self) -> None:
        """Send what is buffered, then stop; bounded, for the broker may be away."""
        if self._producer is not None:
            self._retire(self._producer)
        await asyncio.gather(*self._retiring)

    async def _start(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    acks="all",
                    enable_idempotence=True,
                    max_batch_size=_BATCH_BYTES,
                    # A broker that hangs is left for the next leader while the caller still waits.
                    request_timeout_ms=int(self._patience.total_seconds() * 500),
                )
                try:
                    await producer.start()
                except BaseException:
                    self._retire(producer)
                    raise
                self._producer = producer
            return self._producer

    def _retire(self, producer: AIOKafkaProducer) -> None:
        if self._producer is producer:
            self._producer = None
        task = asyncio.create_task(_stop(producer))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


def _observe(sent: asyncio.Future[object]) -> None:
    # Nobody may wait any more when it fails; asked for here, the failure is not reported as lost.
    if not sent.cancelled():
        sent.exception()


async def _stop(producer: AIOKafkaProducer) -> None:
    with contextlib.suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(_STOP_TIMEOUT.total_seconds()):
            await producer.stop()


@asynccontextmanager
async def open_appender(
    bootstrap: str, patience: timedelta, reached: Reached = go_on
) -> AsyncIterator[Appender]:
    """Open an appender for the life of a process; it connects when it is first used."""
    appender = Appender(bootstrap, patience, reached)
    try:
        yield appender
    finally:
        await appender.close()
