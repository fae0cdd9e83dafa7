"""The partitions as one stream, by the broker's time, with no more in memory than a few fetches."""

from collections import deque
from collections.abc import AsyncIterator, Sequence
from heapq import heapify, heappop, heapreplace

from audit.log import Log, Record, Span

_ENOUGH = 2_000
"""A partition that has so many records waiting is not asked for more."""


async def merged(log: Log, spans: Sequence[Span]) -> AsyncIterator[list[Record]]:
    """Yield the records of the stretches by append time, each partition in its own sequence.

    Some come at a time. Raises what `Log.fetch` raises.
    """
    waiting = _Waiting(log, [span for span in spans if span.first < span.end])
    while await waiting.fill():
        yield waiting.take()


class _Waiting:
    """What was fetched and not given out: the earliest of all can be told while each has one."""

    def __init__(self, log: Log, spans: Sequence[Span]) -> None:
        self._log = log
        self._ends = {span.partition: span.end for span in spans}
        self._held: dict[int, deque[Record]] = {span.partition: deque() for span in spans}
        log.start(spans)

    async def fill(self) -> bool:
        """Fetch until every partition that goes on has a record; return whether any is left."""
        while any(not self._held[number] for number in self._unread):
            asked = [number for number in self._unread if len(self._held[number]) < _ENOUGH]
            for number, records in (await self._log.fetch(asked)).items():
                end = self._ends[number]
                self._held[number].extend(one for one in records if one.offset < end)
        return any(self._held.values())

    def take(self) -> list[Record]:
        """Return what can be told now: until one of the partitions that go on has none left."""
        unread = set(self._unread)
        heads = [(held[0].appended_at, number) for number, held in self._held.items() if held]
        heapify(heads)
        taken: list[Record] = []
        while heads:
            number = heads[0][1]
            held = self._held[number]
            taken.append(held.popleft())
            if held:
                # A partition's own sequence stands, also where a new leader's clock is behind.
                heapreplace(heads, (max(held[0].appended_at, heads[0][0]), number))
            elif number in unread:
                break
            else:
                heappop(heads)
        return taken

    @property
    def _unread(self) -> list[int]:
        return [number for number, end in self._ends.items() if self._log.following(number) < end]
