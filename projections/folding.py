"""The fold of the log into new tables, as far as the numbering of its records goes."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

from psycopg import AsyncConnection

from projections.batch import Reading, after, unread
from projections.consumer import EventLog, judge
from projections.fresh import Fresh
from projections.numbering import Numbering
from projections.renewing import renewing

Report = Callable[[int, int], None]
"""Told how many records are folded, of how many."""

_BATCH = 5_000
_ROUNDS = 20
_PATIENCE = timedelta(seconds=1)
_SILENCE = timedelta(seconds=30)


class Folding:
    """Folds the log into new tables; `site` is the connection that must not be seen idle."""

    def __init__(
        self,
        site: AsyncConnection,
        log: EventLog,
        fresh: Fresh,
        numbering: Numbering,
        report: Report,
    ) -> None:
        self._site = site
        self._log = log
        self._fresh = fresh
        self._numbering = numbering
        self._report = report
        self._clock = asyncio.get_running_loop().time
        self._heard_at = self._clock()
        self._beyond = 0

    @property
    def done(self) -> int:
        """Return how many records are folded."""
        return sum(self._fresh.next_offsets.values())

    async def catch_up(self) -> None:
        """Fold until less than a batch is missing, or the log turns out to grow as fast."""
        await self.fold(await self._numbering.goal())
        await renewing(self._fresh.settle(), _PATIENCE, self._be_seen)
        for _ in range(_ROUNDS):
            goal = await self._numbering.goal()
            if sum(goal.values()) - self.done < _BATCH:
                return
            await self.fold(goal)

    async def fold(self, goal: Mapping[int, int]) -> None:
        """Fold each partition up to its goal and no further.

        Raises `Hole`, `NewerSchema`, `NumbersLost`, TimeoutError when Kafka brings nothing, and
        psycopg's errors.
        """
        self._heard_at = self._clock()
        while short := _short_of(goal, self._fresh.next_offsets):
            # Partitions that have arrived are left out, as soon as they bring much that is beyond.
            self._log.start(short)
            self._beyond = 0
            await self._fold_on(goal)

    async def _fold_on(self, goal: Mapping[int, int]) -> None:
        following = self._fresh.next_offsets
        ahead = asyncio.create_task(self._read(following, goal))
        try:
            while _short_of(goal, self._fresh.next_offsets) and self._beyond < _BATCH:
                readings = await ahead
                following = after((reading.record for reading in readings), following)
                if _short_of(goal, following):
                    ahead = asyncio.create_task(self._read(following, goal))
                await self._write(readings)
                self._report(self.done, sum(goal.values()))
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)

    async def _read(self, following: Mapping[int, int], goal: Mapping[int, int]) -> list[Reading]:
        records = await self._log.read(_BATCH, _PATIENCE)
        # What is beyond the goal is dropped, and what follows it is no hole: it is dropped too.
        due = [record for record in records if record.offset < goal[record.partition]]
        self._beyond += len(records) - len(due)
        readings, newer = await judge(unread(due, following), len(goal))
        if newer is not None:
            raise newer
        return readings

    async def _write(self, readings: list[Reading]) -> None:
        await self._be_seen()
        if readings:
            await self._fresh.apply(readings, await self._numbering.seqs(readings))
            self._heard_at = self._clock()
        elif self._clock() - self._heard_at > _SILENCE.total_seconds():
            raise TimeoutError(f"Kafka has brought nothing for {_SILENCE.seconds} s")

    async def _be_seen(self) -> None:
        await self._site.execute("select")


def _short_of(goal: Mapping[int, int], next_offsets: Mapping[int, int]) -> dict[int, int]:
    return {number: offset for number, offset in next_offsets.items() if offset < goal[number]}
