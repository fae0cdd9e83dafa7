"""Where the numbers of a rebuild come from: the live tables, or a numbering begun anew."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from psycopg import AsyncConnection

from orders.admission import NotAdmitted
from projections.batch import Reading
from projections.consumer import EventLog
from projections.tables import stored_offsets

_NUMBERS = """
select e.partition, e."offset", e.seq
from unnest(%s::int[], %s::bigint[], %s::bigint[]) as read (partition, first, last)
join order_events e
    on e.partition = read.partition and e."offset" >= read.first and e."offset" <= read.last
"""


class NumbersLost(Exception):
    """The live tables do not number exactly the records that are admitted."""


class Numbering(Protocol):
    """How far the log may be folded, and the `seq` of each record."""

    async def goal(self) -> Mapping[int, int]:
        """Return the offset up to which each partition has numbers now."""
        ...

    async def seqs(self, readings: Sequence[Reading]) -> Iterable[int]:
        """Return the numbers of those admitted, in their sequence."""
        ...


class KeptNumbers:
    """The numbers that the live tables gave, read on a connection that has entered them."""

    def __init__(self, live: AsyncConnection) -> None:
        self._live = live

    async def goal(self) -> Mapping[int, int]:
        """Return how far the live tables are."""
        return await stored_offsets(self._live)

    async def seqs(self, readings: Sequence[Reading]) -> Iterable[int]:
        """Return the numbers of those admitted; raise `NumbersLost`."""
        admitted = [
            (reading.record.partition, reading.record.offset)
            for reading in readings
            if not isinstance(reading.verdict, NotAdmitted)
        ]
        ranges = [(number, min(read), max(read)) for number, read in _offsets(readings).items()]
        columns = [list(column) for column in zip(*ranges, strict=True)]
        rows = await (await self._live.execute(_NUMBERS, columns)).fetchall()
        numbers = {(partition, offset): seq for partition, offset, seq in rows}
        if numbers.keys() != set(admitted):
            [place, *_] = sorted(numbers.keys() ^ set(admitted))
            raise NumbersLost(f"partition {place[0]}, offset {place[1]}")
        return [numbers[place] for place in admitted]


class NewNumbers:
    """Numbers from 1 on, in the sequence in which the log is read.

    They go as far as the live tables, when these can tell: of what is not admitted beyond, the
    projector still has to send dead letters. Without them they go as far as the log.
    """

    def __init__(self, log: EventLog, partitions: int, live: AsyncConnection | None) -> None:
        self._log = log
        self._partitions = partitions
        self._live = live
        self._head = 0

    async def goal(self) -> Mapping[int, int]:
        """Return how far the live tables are, or the log."""
        if self._live is not None:
            return await stored_offsets(self._live)
        return await self._log.ends(range(self._partitions))

    async def seqs(self, readings: Sequence[Reading]) -> Iterable[int]:
        """Return the next numbers."""
        first = self._head + 1
        self._head += sum(not isinstance(reading.verdict, NotAdmitted) for reading in readings)
        return range(first, self._head + 1)


def _offsets(readings: Iterable[Reading]) -> Mapping[int, list[int]]:
    offsets: defaultdict[int, list[int]] = defaultdict(list)
    for reading in readings:
        offsets[reading.record.partition].append(reading.record.offset)
    return offsets
