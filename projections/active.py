"""What the projector does while it holds the lease: read ahead, write, stay the holder."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from projections.ahead import Ahead
from projections.batch import Batch, Reading
from projections.consumer import EventLog
from projections.dead_letters import DeadLetters
from projections.lease import Lease
from projections.pace import Pace
from projections.renewing import renewing
from projections.store import Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Active:
    """Moves records from the log to the tables; the lease is renewed by whatever it does."""

    log: EventLog
    store: Store
    lease: Lease
    dead_letters: DeadLetters
    pace: Pace

    async def run(self, progress: Callable[[], None]) -> NoReturn:
        """Project until something is in the way; call `progress` each time that all went well.

        Raises what `Store.apply`, `EventLog.read` and `DeadLetters.send` raise, `Hole`, and
        `NewerSchema` once all that was read before the newer record is written.
        """
        loop, rested = asyncio.get_running_loop(), asyncio.Event()
        rested.set()
        following = self.store.position.next_offsets
        self.log.start(following)
        reading = asyncio.create_task(self._read(following, rested))
        try:
            while True:
                ahead = await reading
                rested = asyncio.Event()
                if ahead.newer is None:
                    reading = asyncio.create_task(self._read(ahead.following, rested))
                await (self._write(ahead.readings) if ahead.readings else self._idle())
                if ahead.newer is not None:
                    raise ahead.newer
                loop.call_later(self.pace.rest.total_seconds(), rested.set)
                progress()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, following: Mapping[int, int], rested: asyncio.Event) -> Ahead:
        ahead = Ahead(self.log, following, self.pace.size)
        await ahead.begin(self._patience)
        await ahead.fill(rested)
        return ahead

    async def _write(self, readings: Sequence[Reading]) -> None:
        await renewing(self.dead_letters.send(readings), self._patience, self.lease.renew)
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with asyncio.timeout(self.lease.duration.total_seconds() / 2):
                batch = await self.store.apply(readings)
        except BaseException:
            self.pace.halve()
            raise
        seconds = clock() - started
        self.pace.took(timedelta(seconds=seconds), len(readings))
        _report(batch, seconds)

    async def _idle(self) -> None:
        await self.lease.renew()
        checked = self.log.check(self.store.position.next_offsets)
        await renewing(checked, self._patience, self.lease.renew)

    @property
    def _patience(self) -> timedelta:
        return self.lease.duration / 3


def _report(batch: Batch, seconds: float) -> None:
    logger.debug(
        "batch projected",
        extra={
            "action": "batch_projected",
            "events": len(batch.events),
            "orders": len(batch.orders),
            "ms": round(seconds * 1000, 1),
        },
    )
    for order in batch.quarantined:
        logger.error(
            "order quarantined",
            extra={
                "action": "order_quarantined",
                "order_id": order.placement.order_id,
                "version": order.version,
                "why": order.why,
            },
        )
