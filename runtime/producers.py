"""The idempotent producer of a process: started when it is needed, replaced when it dies."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

STOP_TIMEOUT = timedelta(seconds=3)

_BATCH_BYTES = 256 * 1024


class Producers:
    """One producer at a time, and those before it that are being stopped."""

    def __init__(self, bootstrap: str, patience: timedelta) -> None:
        self._bootstrap = bootstrap
        self._patience = patience
        self._starting = asyncio.Lock()
        self._stopping: set[asyncio.Task[None]] = set()
        self.current: AIOKafkaProducer | None = None

    async def started(self) -> AIOKafkaProducer:
        """Return the producer; raise KafkaError or TimeoutError when none can be started."""
        return self.current or await self._start()

    def retire(self, producer: AIOKafkaProducer | None) -> None:
        """Have another one started instead of this; what fails with it, fails at once for many."""
        if producer is not None and self.current is producer:
            self.current = None
            self._stop(producer)

    async def close(self) -> None:
        """Stop all of them; bounded, for the broker may be away."""
        self.retire(self.current)
        await asyncio.gather(*self._stopping)

    async def _start(self) -> AIOKafkaProducer:
        async with self._starting:
            if self.current is None:
                self.current = await self._new()
            return self.current

    async def _new(self) -> AIOKafkaProducer:
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
        return producer

    def _stop(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.create_task(_stopped(producer))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


async def _stopped(producer: AIOKafkaProducer) -> None:
    with suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(STOP_TIMEOUT.total_seconds()):
            await producer.stop()
