"""The log told again, straight from Kafka: all of it, a stretch, some types, or one order."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import get_args

from audit.admission import Verdict, home_of, judge
from audit.errors import Unusable
from audit.lines import Line
from audit.log import Log, Record, Span
from audit.merge import merged
from audit.spans import Edge, Place, spans_between
from audit.story import Story
from orders.events import AnyOrderEvent, OrderPlaced

_RUN = 1_000

EVENT_TYPES = frozenset(kind.__name__ for kind in get_args(get_args(AnyOrderEvent)[0]))
"""The names of all events."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which records are told; what is empty leaves nothing out."""

    begins: Sequence[Edge] = ()
    ends: Sequence[Edge] = ()
    types: frozenset[str] = frozenset()
    order_id: str | None = None


async def replayed(log: Log, choice: Choice) -> AsyncIterator[list[Line]]:
    """Yield the records chosen, by append time, some at a time, to the log's end as it is now.

    Raises `Unreadable`, `Unusable`, and `NewerSchema` where only a newer engine can read on.
    """
    spans = await spans_between(log, choice.begins, choice.ends)
    if choice.order_id is not None:
        _require_home(choice, choice.order_id, log.partitions)
    lines = _all(log, spans) if choice.order_id is None else _one(log, spans, choice.order_id)
    async for some in lines:
        yield [line for line in some if not choice.types or _is_of(line, choice.types)]


def _require_home(choice: Choice, order_id: str, partitions: int) -> None:
    named = {edge.partition for edge in (*choice.begins, *choice.ends) if isinstance(edge, Place)}
    if named and (home := home_of(order_id, partitions)) not in named:
        raise Unusable(f"order {order_id} lives in partition {home}")


def _is_of(line: Line, types: frozenset[str]) -> bool:
    return line.event is not None and line.event.type in types


async def _all(log: Log, spans: Sequence[Span]) -> AsyncIterator[list[Line]]:
    async for records in merged(log, spans):
        for first in range(0, len(records), _RUN):
            run = records[first : first + _RUN]
            yield [Line(record, *judge(record, log.partitions)) for record in run]


async def _one(log: Log, spans: Sequence[Span], order_id: str) -> AsyncIterator[list[Line]]:
    """Yield one order's records; what is superseded only its whole story can tell."""
    home = home_of(order_id, log.partitions)
    wanted = [span for span in spans if span.partition == home]
    one = _Hearing(order_id, log.partitions)
    for span in wanted:
        async for records in log.read(span._replace(first=0)):
            told = [line for record in records if (line := one.hear(record))]
            yield [line for line in told if line.record.offset >= span.first]


class _Hearing:
    """Hears the story of one order out of its partition."""

    def __init__(self, order_id: str, partitions: int) -> None:
        self._order_id = order_id
        self._key = order_id.encode()
        self._partitions = partitions
        self._story: Story | None = None

    def hear(self, record: Record) -> Line | None:
        # Most records are of other orders; those need not be read.
        if record.key != self._key and self._key not in (record.value or b""):
            return None
        verdict = judge(record, self._partitions)
        if record.key != self._key and (
            verdict.event is None or verdict.event.order_id != self._order_id
        ):
            return None
        superseded = None if verdict.flaw else self._is_superseded(verdict, record)
        return Line(record, *verdict, superseded)

    def _is_superseded(self, verdict: Verdict, record: Record) -> bool:
        event = verdict.event
        if event is None:
            return False
        if self._story is not None:
            return self._story.hear(event, record.appended_at)
        if isinstance(event, OrderPlaced) and event.version == 1:
            self._story = Story(event, record.offset, record.appended_at)
            return False
        return True
