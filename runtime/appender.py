"""The one way into Kafka: what many append leaves together and is acknowledged together."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from runtime.crash import Reached, go_on
from runtime.producers import STOP_TIMEOUT, Producers
from runtime.pulse import Pulse
from runtime.records import moment_of

_RECORD_BYTES = 1024 * 1024 - 1024
"""Less than a broker takes as it comes, which counts what a batch has beside its record too."""

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

    @property
    def is_too_large(self) -> bool:
        """Return whether the broker would refuse it, and all that came with it."""
        size = len(self.key or b"") + len(self.value or b"")
        for name, value in self.headers:
            size += len(name) + len(value)
        return size > _RECORD_BYTES

    def refuse(self, why: str) -> None:
        """Tell that it was not acknowledged."""
        self.bundle.settled()
        _refuse(self.told, why)


class Appender:
    """Appends records with `acks=all`; many may wait for their acknowledgement at once."""

    def __init__(self, bootstrap: str, patience: timedelta, reached: Reached = go_on) -> None:
        self._patience = patience
        self._reached = reached
        self._producers = Producers(bootstrap, patience)
        self._pulse = Pulse(_PULSE, self._go)
        self._bundle: _Bundle | None = None
        self._waiting: defaultdict[_Place, deque[_Waiting]] = defaultdict(deque)
        self._sending: dict[_Place, asyncio.Task[None]] = {}

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
        """Send what waits, then stop; bounded, for the broker may be away."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT.total_seconds()):
                while self._waiting:
                    self._go()
                    await asyncio.gather(*self._sending.values(), return_exceptions=True)
        self._waiting.clear()
        await self._producers.close()

    def _go(self) -> None:
        self._bundle = None
        for place in self._waiting.keys() - self._sending.keys():
            self._sending[place] = asyncio.create_task(self._send(place))

    async def _send(self, place: _Place) -> None:
        # One batch at a time, with one acknowledgement for all that is in it.
        (topic, partition), waiting = place, self._waiting[place]
        sent: deque[_Waiting] | list[_Waiting] = waiting
        producer = None
        try:
            producer = await self._producers.started()
            batch = producer.create_batch()
            sent = _fill(batch, waiting)
            if sent:
                acknowledged = await producer.send_batch(batch, topic, partition=partition)
                self._settle(sent, await acknowledged)
        except (KafkaError, AssertionError, TimeoutError) as error:
            self._producers.retire(producer)
            for one in sent:
                one.refuse(repr(error))
            sent.clear()
        finally:
            del self._sending[place]
        if waiting:
            self._pulse.ask()
        else:
            del self._waiting[place]

    def _settle(self, sent: Sequence[_Waiting], written: RecordMetadata) -> None:
        appended_at = moment_of(written.timestamp)
        for offset, one in enumerate(sent, written.offset):
            one.bundle.settled()
            if not one.told.done():
                self._reached("after-append")
                one.told.set_result(Appended(written.partition, offset, appended_at))


def _fill(batch: BatchBuilder, waiting: deque[_Waiting]) -> list[_Waiting]:
    """Put in the batch what it has room for, and return that; nobody waits for the others."""
    sent: list[_Waiting] = []
    while waiting:
        one = waiting[0]
        if one.told.done():
            one.bundle.settled()
        elif one.is_too_large:
            one.refuse(repr(MessageSizeTooLargeError("a record has at most a megabyte")))
        elif batch.append(timestamp=None, key=one.key, value=one.value, headers=list(one.headers)):
            sent.append(one)
        else:
            break
        waiting.popleft()
    return sent


def _refuse(told: asyncio.Future[Appended], why: str) -> None:
    if not told.done():
        told.set_exception(NotAcknowledged(why))
        # Nobody may wait any more; asked for here, the failure is not reported as lost.
        told.exception()


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
