"""A second process that reads and folds most of the log for a projector that is far behind.

It writes nothing: what the log makes of the tables is sent to the projector, the one writer, who
numbers it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import repeat
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import NamedTuple

from orders.admission import NotAdmitted
from projections.batch import Reading, after, unread
from projections.connection import connect_as
from projections.consumer import EventLog, judge, open_log
from projections.copying import CopiedBatch, Gap
from projections.second import LIMITS, SILENCE, second_process
from projections.tables import Tables, enter

_REMEMBERED = 50_000
"""An order that is forgotten is asked of the tables: it must be written by then. At most four
batches are on their way.
"""
_MOST = 5_000
_PATIENCE = timedelta(seconds=1)
_STANDS_STILL = 2 * SILENCE
"""Whatever is in its way, a second process that works has told it, or has ended, by then."""
_NAME = "engine-projector-apart"


@dataclass(frozen=True, slots=True)
class Share:
    """Which partitions are read, from where on, up to the goal of each; the records of a batch."""

    kafka: str
    topic: str
    url: str
    goal: Mapping[int, int]
    begin: Mapping[int, int]
    most: int


class Folded(NamedTuple):
    """What a run of records does to the tables, its events without numbers.

    It begins and ends at these offsets; `refused` are those not admitted.
    """

    batch: CopiedBatch
    refused: Sequence[Reading]
    begin: Mapping[int, int]
    following: Mapping[int, int]


class Apart:
    """What comes from the second process, in its sequence."""

    def __init__(
        self, receiving: Connection, thread: Executor, patience: timedelta = _STANDS_STILL
    ) -> None:
        self._receiving = receiving
        self._thread = thread
        self._patience = patience

    async def next(self) -> Folded | None:
        """Return what was folded next, or None when the process has ended or stands still.

        What it has not folded in the end is the caller's to fold, who meets what was in its way.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                return await loop.run_in_executor(self._thread, self._receive)
        except TimeoutError:
            return None

    def _receive(self) -> Folded | None:
        try:
            folded: Folded = self._receiving.recv()
        except (EOFError, OSError):
            # Killed between two of them, or in the middle of one.
            return None
        return folded


@asynccontextmanager
async def folded_apart(share: Share) -> AsyncIterator[Apart]:
    """Fold this share until the block ends."""
    receiving, sending = Pipe(duplex=False)
    with (
        closing(receiving),
        ThreadPoolExecutor(1) as thread,
        second_process(_fold, share, sending),
    ):
        sending.close()
        yield Apart(receiving, thread)


async def _fold(share: Share, sending: Connection) -> None:
    async with (
        open_log(share.kafka, share.topic, len(share.goal)) as log,
        await connect_as(_NAME, share.url, SILENCE, LIMITS) as connection,
    ):
        await enter(connection)
        tables, gap, following = Tables(connection, _REMEMBERED), Gap(), share.begin
        await tables.prepare()
        while short := {
            number: offset for number, offset in following.items() if offset < share.goal[number]
        }:
            # Partitions that have arrived are left out.
            log.start(short)
            while all(following[number] < share.goal[number] for number in short):
                readings = await _read(log, share, following)
                if not readings:
                    continue
                batch = await tables.fold(readings, repeat(gap.number))
                tables.keep(batch)
                refused = [one for one in readings if isinstance(one.verdict, NotAdmitted)]
                begin = following
                following = after((reading.record for reading in readings), begin)
                sending.send(Folded(await tables.copied(batch, gap), refused, begin, following))


async def _read(log: EventLog, share: Share, following: Mapping[int, int]) -> list[Reading]:
    async with asyncio.timeout(SILENCE.total_seconds()):
        while not (records := await log.read(min(share.most, _MOST), _PATIENCE)):
            pass
    due = [record for record in records if record.offset < share.goal[record.partition]]
    readings, newer = await judge(unread(due, following), len(share.goal))
    if newer is not None:
        raise newer
    return readings
