"""Folds the whole log into new tables beside the live ones, then swaps them in one transaction.

Nothing of the live tables is touched before the swap; ended at any moment, a rebuild has harmed
nothing. It needs no projector and no lease: at the swap it ends the right of whoever writes, who
then finds the new tables, with the same rows under the same numbers.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from projections.beside import Half, folded_beside
from projections.connection import connect_as
from projections.consumer import EventLog
from projections.folding import Folding, Report
from projections.fresh import WRITER, Fresh, fresh_tables
from projections.lease import depose, hold_up
from projections.leftovers import remove_unfinished
from projections.numbering import KeptNumbers, NewNumbers, Numbering, NumbersLost
from projections.schema import LAYOUT, Pointer, ensure, has_numbers, has_offsets
from projections.tables import Diverged, enter

_SILENCE = timedelta(seconds=30)
_LOOK = timedelta(milliseconds=200)
_LIMITS = {
    # A rebuild that stands still must keep neither the next one nor the projector waiting.
    "idle_session_timeout": "60s",
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "10s",
}

WORTH_TWO = 50_000
"""So many records are folded by two processes: a second one takes a moment to start."""

_ONE_AT_A_TIME = "select pg_try_advisory_lock(hashtext('projection rebuild'))"
_END_WRITERS = """
select pg_terminate_backend(pid, 5000) from pg_stat_activity
where datname = current_database() and application_name = %s
"""
_SWAP = """
update public.projection_pointer
set schema_name = %s, layout = %s, epoch = case when %s then epoch else gen_random_uuid() end
where schema_name = %s returning epoch
"""

logger = logging.getLogger(__name__)


class RebuildUnderWay(Exception):
    """Another rebuild of the same tables has not ended yet, or has just replaced them."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Which tables are active now, the epoch of their numbers, and how many records they tell."""

    schema: str
    epoch: UUID
    numbers_kept: bool
    records: int


async def rebuild(
    log: EventLog, url: str, partitions: int, report: Report, only: str | None = None
) -> Rebuilt:
    """Replace the tables of the database by new ones made from the log alone.

    `only` names the schema whose tables these are to be; others are left alone. Each record keeps
    the number that the live tables gave it; when they do not have them all, the numbering begins
    anew, in a new epoch. Raises `RebuildUnderWay`, `WrongTopic`, `Hole`, `WrongPartitions`,
    `NewerLayout`, `NewerSchema`, KafkaError, TimeoutError, psycopg.Error.
    """
    await log.check(dict.fromkeys(range(partitions), 0))
    async with _site(url) as connection:
        pointer = await ensure(connection, partitions)
        if only not in (None, pointer.schema):
            raise RebuildUnderWay(f"the tables of {only} were replaced a moment ago")
        await enter(connection)
        await remove_unfinished(connection)
        site = _Site(connection, url, partitions, pointer, log, report)
        if await has_numbers(connection, pointer.schema):
            try:
                return await site.build(KeptNumbers(connection))
            except NumbersLost as lost:
                extra = {"action": "numbers_lost", "why": str(lost)}
                logger.warning("numbering begins anew", extra=extra)
                await remove_unfinished(connection)
        live = connection if await has_offsets(connection, pointer.schema) else None
        return await site.build(NewNumbers(log, partitions, live))


@asynccontextmanager
async def _site(url: str) -> AsyncIterator[AsyncConnection]:
    async with await connect_as("engine-rebuild", url, _SILENCE, _LIMITS) as connection:
        if await (await connection.execute(_ONE_AT_A_TIME)).fetchone() != (True,):
            raise RebuildUnderWay("a rebuild of these tables is under way: wait until it has ended")
        await connection.execute(_END_WRITERS, (WRITER,))
        try:
            yield connection
        finally:
            # Killed, it leaves them to the next rebuild.
            with suppress(psycopg.Error):
                await remove_unfinished(connection)


@dataclass(frozen=True, slots=True)
class _Site:
    connection: AsyncConnection
    url: str
    partitions: int
    pointer: Pointer
    log: EventLog
    report: Report

    async def build(self, numbering: Numbering) -> Rebuilt:
        await self.log.check(await numbering.goal())
        async with fresh_tables(self.url, self.partitions) as fresh:
            folding = Folding(self.connection, self.log, fresh, numbering, self.report)
            if isinstance(numbering, KeptNumbers):
                await self._fold_in_two(folding, fresh, await numbering.goal())
            await folding.catch_up()
            async with self.connection.transaction():
                await hold_up(self.connection)
                await folding.fold(await numbering.goal())
                epoch = await self._swap(fresh.schema, kept=isinstance(numbering, KeptNumbers))
                await depose(self.connection)
            return Rebuilt(fresh.schema, epoch, epoch == self.pointer.epoch, folding.done)

    async def _fold_in_two(self, folding: Folding, fresh: Fresh, goal: Mapping[int, int]) -> None:
        if sum(goal.values()) < WORTH_TWO:
            return
        ours = {number: 0 if number % 2 else offset for number, offset in goal.items()}
        others = {number: offset - ours[number] for number, offset in goal.items()}
        half = Half(self.log.bootstrap, self.log.topic, self.url, fresh.schema, others)
        with folded_beside(half) as is_under_way:
            await folding.fold(ours)
            while is_under_way():
                # Neither connection may be seen idle.
                await self.connection.execute("select")
                await fresh.look()
                await asyncio.sleep(_LOOK.total_seconds())
        await fresh.look()

    async def _swap(self, schema: str, *, kept: bool) -> UUID:
        values = (schema, LAYOUT, kept, self.pointer.schema)
        row = await (await self.connection.execute(_SWAP, values)).fetchone()
        if row is None:
            raise Diverged(f"the active tables are not those of {self.pointer.schema} any more")
        epoch: UUID = row[0]
        return epoch
