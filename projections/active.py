"""What the projector does while it holds the lease: read ahead, write, stay the holder."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from projections.ahead import Ahead
from projections.apart import Apart, Folded, Share, folded_apart
from projections.batch import Batch, Reading
from projections.consumer import EventLog
from projections.copying import CopiedBatch
from projections.dead_letters import DeadLetters
from projections.lease import Lease
from projections.pace import Pace
from projections.renewing import renewing
from projections.store import Store

WORTH_TWO = 25_000
"""So many records are folded by a second process: it takes a moment to start."""

_OURS = 4
"""One partition in so many stays here, where all is numbered and written too."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Active:
    """Moves records from the log to the tables; the lease is renewed by whatever it does."""

    log: EventLog
    store: Store
    lease: Lease
    dead_letters: DeadLetters
    pace: Pace
    url: str

    async def run(self, progress: Callable[[], None]) -> NoReturn:
        """Project until something is in the way; call `progress` each time that all went well.

        Raises what `Store.apply`, `EventLog.read` and `DeadLetters.send` raise, `Hole`, and
        `NewerSchema` once all that was read before the newer record is written.
        """
        await self._catch_up_in_two(progress)
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
                await self._advance(ahead, self._idle)
                loop.call_later(self.pace.rest.total_seconds(), rested.set)
                progress()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _catch_up_in_two(self, progress: Callable[[], None]) -> None:
        begin = self.store.position.next_offsets
        goal = await self.log.ends(begin)
        theirs = {place: at for place, at in begin.items() if place % _OURS}
        ours = {place: at for place, at in begin.items() if place not in theirs}
        if sum(goal[place] - at for place, at in theirs.items()) < WORTH_TWO:
            return
        share = Share(self.log.bootstrap, self.log.topic, self.url, goal, theirs, self.pace.size)
        self.log.start(ours)
        async with folded_apart(share) as apart:
            await self._take_turns(begin, apart, progress)

    async def _take_turns(
        self, following: Mapping[int, int], apart: Apart, progress: Callable[[], None]
    ) -> None:
        at_once = asyncio.Event()
        at_once.set()
        reading = asyncio.create_task(self._read(following, at_once))
        arriving = asyncio.create_task(apart.next())
        try:
            while True:
                await asyncio.wait({reading, arriving}, return_when=asyncio.FIRST_COMPLETED)
                if arriving.done():
                    folded = arriving.result()
                    if folded is None:
                        return
                    arriving = asyncio.create_task(apart.next())
                    await self._take(folded)
                else:
                    ahead = reading.result()
                    if ahead.newer is None:
                        reading = asyncio.create_task(self._read(ahead.following, at_once))
                    await self._advance(ahead, self.lease.renew)
                progress()
        finally:
            reading.cancel()
            arriving.cancel()
            await asyncio.gather(reading, arriving, return_exceptions=True)

    async def _advance(self, ahead: Ahead, idle: Callable[[], Awaitable[None]]) -> None:
        await (self._write(ahead.readings) if ahead.readings else idle())
        if ahead.newer is not None:
            raise ahead.newer

    async def _read(self, following: Mapping[int, int], rested: asyncio.Event) -> Ahead:
        ahead = Ahead(self.log, following, self.pace.size)
        await ahead.begin(self._patience)
        await ahead.fill(rested)
        return ahead

    async def _write(self, readings: Sequence[Reading]) -> None:
        await renewing(self.dead_letters.send(readings), self._patience, self.lease.renew)
        await self._timed(self.store.apply(readings), len(readings))

    async def _take(self, folded: Folded) -> None:
        await renewing(self.dead_letters.send(folded.refused), self._patience, self.lease.renew)
        records = len(folded.batch.events) + len(folded.refused)
        await self._timed(self.store.take(folded), records)

    async def _timed(
        self, writing: Coroutine[object, object, Batch | CopiedBatch], records: int
    ) -> None:
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with asyncio.timeout(self.lease.duration.total_seconds() / 2):
                batch = await writing
        except BaseException:
            self.pace.halve()
            raise
        seconds = clock() - started
        self.pace.took(timedelta(seconds=seconds), records)
        _report(batch, seconds)

    async def _idle(self) -> None:
        await self.lease.renew()
        checked = self.log.check(self.store.position.next_offsets)
        await renewing(checked, self._patience, self.lease.renew)

    @property
    def _patience(self) -> timedelta:
        return self.lease.duration / 3


def _report(batch: Batch | CopiedBatch, seconds: float) -> None:
    logger.debug(
        "batch projected",
        extra={
            "action": "batch_projected",
            "events": len(batch.events),
            "orders": len(batch.new) + len(batch.changed),
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
