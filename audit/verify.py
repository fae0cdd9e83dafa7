"""The whole audit: the log, the ledger and the tables against each other, ten invariants in all.

The tables are judged at their own stored offsets, in one snapshot; all else at the log's end as it
was when the audit began. An engine may go on meanwhile.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from audit.chapter import Chapter
from audit.comparison import EventComparison, OrderComparison, Tally
from audit.errors import Unreadable
from audit.findings import Figures, Findings, Report
from audit.judgement import Liveness, Outcomes
from audit.ledger import Ledger, open_ledger
from audit.lists import Lists, Roll
from audit.log import Log, Span, open_log
from audit.story import Story
from audit.strays import Strays
from audit.tables import EventReader, Tables, open_tables
from audit.turns import Moment

STUCK_AFTER = timedelta(seconds=60)

_ASKED = 2_000
_END_PATIENCE_S = 5
_END_PAUSE_S = 0.5

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where an engine keeps what it knows; without a ledger, I1, I6 and I9 are not judged."""

    kafka: str
    topic: str
    database_url: str
    chain_url: str | None


async def verify(
    sources: Sources,
    lists: Lists,
    clock: Callable[[], datetime],
    *,
    stuck_after: timedelta = STUCK_AFTER,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Return what holds. Raises `Unreadable`, and `NewerSchema` for a log of a newer engine.

    `clock` tells the time in UTC; `progress` is told how many records of how many were read.
    """
    started = asyncio.get_running_loop().time()
    async with (
        open_tables(sources.database_url) as tables,
        open_log(sources.kafka, sources.topic) as log,
        open_ledger(sources.chain_url) as ledger,
    ):
        spans = await _spans(log, tables)
        audit = _Audit(log, tables, ledger, lists, progress)
        await audit.run(spans, Moment(clock(), stuck_after))
    seconds = asyncio.get_running_loop().time() - started
    return Report(audit.findings, audit.figures, seconds)


async def _spans(log: Log, tables: Tables) -> list[Span]:
    if log.partitions != tables.partitions:
        raise Unreadable(
            f"The log has {log.partitions} partitions, the tables were made for "
            f"{tables.partitions}: they do not belong together"
        )
    # A new leader may not know yet how far the log is acknowledged.
    deadline = asyncio.get_running_loop().time() + _END_PATIENCE_S
    while True:
        spans = await log.whole()
        behind = any(span.end < tables.next_offsets[span.partition] for span in spans)
        if not behind or asyncio.get_running_loop().time() > deadline:
            return spans
        await asyncio.sleep(_END_PAUSE_S)


class _Audit:
    """One audit under way, partition after partition."""

    def __init__(
        self, log: Log, tables: Tables, ledger: Ledger, lists: Lists, progress: Progress
    ) -> None:
        self.findings, self.figures = Findings(), Figures(partitions=log.partitions)
        self._log = log
        self._tables = tables
        self._ledger = ledger
        self._known = lists.quarantined
        self._roll = Roll(lists, log.partitions)
        self._strays = Strays(ledger, self._roll, self.findings)
        self._progress = progress
        self._unknown: list[str] = []
        self._tally = Tally()
        self._records = 0

    async def run(self, spans: list[Span], moment: Moment) -> None:
        self._records = sum(span.end - span.first for span in spans)
        self.figures.unjudged_columns.extend(self._tables.unjudged_columns)
        for span in spans:
            await self._partition(span, moment)
        await self._check_tables()
        await self._check_ledger(spans)

    async def _partition(self, span: Span, moment: Moment) -> None:
        number, stored = span.partition, self._tables.next_offsets[span.partition]
        if span.first:
            raise Unreadable(
                f"Partition {number} of the log begins at offset {span.first}: the records before "
                "are gone, and a log that is not whole cannot be judged"
            )
        if stored > span.end:
            told = f"partition {number}: the tables end at {stored}, the log at {span.end}"
            self.findings.broken("I4", told)
        self.figures.lag += max(0, span.end - stored)
        chapter = Chapter((number, self._log.partitions), moment, self.findings, self.figures)
        middle = min(stored, span.end)
        rows = await self._compare(chapter, span._replace(end=middle))
        async for records in self._log.read(span._replace(first=middle)):
            chapter.tell(records)
            self._progress(self.figures.records, self._records)
        self._judge(chapter, rows, moment)
        if self._ledger.is_given:
            await self._judge_outcomes(chapter)

    async def _compare(self, chapter: Chapter, span: Span) -> OrderComparison:
        events = EventComparison(self.findings)
        async with aclosing(self._tables.events(span.partition)) as pages:
            rows = EventReader(pages)
            async for records in self._log.read(span):
                expected = chapter.tell(records)
                events.compare(expected, await rows.up_to(records[-1].offset))
                self._progress(self.figures.records, self._records)
            async for rest in rows.rest():
                events.compare([], rest)
        columns = self._tables.order_columns
        orders = OrderComparison(span.partition, chapter.stories, columns, self.findings)
        async for page in self._tables.orders(span.partition):
            orders.compare(page)
        orders.finish()
        self._tally.add(chapter.stories.values())
        return orders

    def _judge(self, chapter: Chapter, rows: OrderComparison, moment: Moment) -> None:
        stories = chapter.stories
        self.figures.orders += len(stories)
        liveness = Liveness(moment, self._known, self.findings, self.figures)
        for story in stories.values():
            alarmed = story.order_id in rows.alarmed
            liveness.judge(story, alarmed=alarmed, turns=chapter.turns)
        self._roll.call(chapter, self.findings)
        self._unknown += rows.unknown

    async def _judge_outcomes(self, chapter: Chapter) -> None:
        outcomes = Outcomes(self.findings)
        for some in _chunks(story for story in chapter.stories.values() if story.routes):
            ids = [execution_id for story in some for execution_id in story.execution_ids]
            held = await self._ledger.entries(ids)
            for story in some:
                outcomes.judge(story, held)
            self._strays.know(ids)

    async def _check_tables(self) -> None:
        if (counts := await self._tables.counts()) is not None:
            self._tally.compare(counts, self.findings)
        for row in await self._tables.wrong_labels():
            told = f"order {row.order_id}: in order_labels its {row.kind} {row.label!r} {row.flaw}"
            self.findings.broken("I4", told)
        for gap in await self._tables.seq_gaps():
            told = f"order {gap.order_id}: seq {gap.seq} follows {gap.before}"
            self.findings.broken("I7", told)
        for table, order_id, partition in await self._tables.astray():
            told = f"order {order_id}: {table} has it in partition {partition}, there is none"
            self.findings.broken("I4", told)
            self._unknown.append(order_id)
        for order_id in filter(self._roll.is_void, self._unknown):
            told = f"order {order_id}: its placement is void, yet orders has a row of it"
            self.findings.broken("I10", told)

    async def _check_ledger(self, spans: list[Span]) -> None:
        if not self._ledger.is_given:
            return
        self.findings.checked("I1", await self._ledger.settled())
        for order_id, times, ids in await self._ledger.doubled():
            self.findings.broken("I1", f"order {order_id}: settled {times} times, as {ids}")
        await self._strays.search(self._log, spans)


def _chunks(stories: Iterable[Story]) -> Iterator[list[Story]]:
    left = iter(stories)
    while some := list(islice(left, _ASKED)):
        yield some
