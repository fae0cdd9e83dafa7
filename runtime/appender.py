"""The one way into Kafka: an idempotent producer shared by the process, replaced when it dies."""

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from runtime.crash import Reached, go_on
from runtime.pulse import Pulse
from runtime.records import moment_of

_STOP_TIMEOUT = timedelta(seconds=3)
_BATCH_BYTES = 256 * 1024
_PULSE = timedelta(milliseconds=10)
"""A request to Kafka wakes it and all who read, on every partition it names: one serves many.

`linger_ms` of the producer waits for each partition apart, and for a lone record too.
"""

_Place = tuple[str, int]
"""A topic and one of its partitions."""


class NotAcknowledged(Exception):
    """Kafka did not acknowledge in time: the record may be in the log, or may still reach it."""


class Appended(NamedTuple):
    """Where a record stands and when the broker put it there (UTC)."""

    partition: int
    offset: int
    appended_at: datetime


class _Bundle:
    """What leaves at one pulse: one timer serves all who wait for its acknowledgement."""

    def __init__(self, patience: timedelta) -> None:
        self._patience = patience
        self._told: list[asyncio.Future[Appended]] = []
        self._left = 0
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(patience.total_seconds(), self._late)

    def join(self) -> asyncio.Future[Appended]:
        """Return what one more is told by."""
        told: asyncio.Future[Appended] = self._loop.create_future()
        self._told.append(told)
        self._left += 1
        return told

    def settled(self) -> None:
        """Count one that waits no more."""
        self._left -= 1
        if not self._left:
            self._timer.cancel()

    def _late(self) -> None:
        for told in self._told:
            _refuse(told, f"no acknowledgement within {self._patience}")


@dataclass(slots=True)
class _Waiting:
    """A record that is to be appended."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    told: asyncio.Future[Appended]
    bundle: _Bundle


class Appender:
    """Appends records with `acks=all`; many may wait for their acknowledgement at once."""

    def __init__(self, bootstrap: str, patience: timedelta, reached: Reached = go_on) -> None:
        self._bootstrap = bootstrap
        self._patience = patience
        self._reached = reached
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._pulse = Pulse(_PULSE, self._go)
        self._bundle: _Bundle | None = None
        self._waiting: defaultdict[_Place, deque[_Waiting]] = defaultdict(deque)
        self._sending: dict[_Place, asyncio.Task[None]] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    def append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> asyncio.Future[Appended]:
        """Append one record; what is returned tells where it stands, or `NotAcknowledged` in time.

        Records of one partition are appended in the order of these calls. One that was not
        acknowledged may still be appended later: whoever reads the log must be able to tell (rule 6
        for placements, versions for all that follows). Whoever cancels it before it is sent takes
        it back.
        """
        self._reached("before-append")
        if self._bundle is None:
            self._bundle = _Bundle(self._patience)
            self._pulse.ask()
        told = self._bundle.join()
        one = _Waiting(key, value, headers, told, self._bundle)
        self._waiting[topic, partition].append(one)
        return told

    async def close(self) -> None:
        """Send what is buffered, then stop; bounded, for the broker may be away."""
        self._retire(self._producer)
        await asyncio.gather(*self._retiring)

    def _go(self) -> None:
        self._bundle = None
        for place in self._waiting.keys() - self._sending.keys():
            self._sending[place] = asyncio.create_task(self._send_all(place))

    async def _send_all(self, place: _Place) -> None:
        waiting = self._waiting[place]
        try:
            # One at a time: whoever waits for room in a full batch is woken by each that leaves,
            # and thousands of them would do nothing but wake each other.
            while waiting:
                one = waiting.popleft()
                if not one.told.done():
                    await self._send(place, one)
        finally:
            del self._sending[place]
            if not waiting:
                del self._waiting[place]

    async def _send(self, place: _Place, one: _Waiting) -> None:
        (topic, partition), producer = place, self._producer
        try:
            producer = producer or await self._start()
            headers = list(one.headers)
            sent = await producer.send(topic, one.value, one.key, partition, headers=headers)
        except (KafkaError, AssertionError, TimeoutError) as error:
            # A record that is too large was refused before it was sent: nothing else suffers.
            if not isinstance(error, MessageSizeTooLargeError):
                self._retire(producer)
            _refuse(one.told, repr(error))
            one.bundle.settled()
        else:
            sent.add_done_callback(partial(self._settle, one, producer))

    def _settle(
        self, one: _Waiting, producer: AIOKafkaProducer, sent: asyncio.Future[RecordMetadata]
    ) -> None:
        one.bundle.settled()
        if error := sent.exception():
            self._retire(producer)
            _refuse(one.told, repr(error))
        elif not one.told.done():
            self._reached("after-append")
            written = sent.result()
            appended_at = moment_of(written.timestamp)
            one.told.set_result(Appended(written.partition, written.offset, appended_at))

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
                    async with asyncio.timeout(self._patience.total_seconds()):
                        await producer.start()
                except BaseException:
                    self._stop(producer)
                    raise
                self._producer = producer
            return self._producer

    def _retire(self, producer: AIOKafkaProducer | None) -> None:
        # What fails with it, fails at once for many.
        if producer is not None and self._producer is producer:
            self._producer = None
            self._stop(producer)

    def _stop(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.create_task(_stop(producer))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


def _refuse(told: asyncio.Future[Appended], why: str) -> None:
    if not told.done():
        told.set_exception(NotAcknowledged(why))
        # Nobody may wait any more; asked for here, the failure is not reported as lost.
        told.exception()


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
