"""Which stretch of the log is meant: from and to a moment, or a place in a partition."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from audit.errors import Unusable
from audit.log import Log, Span

_PLACE = re.compile(r"(\d{1,9}):(\d{1,18})")


class Place(NamedTuple):
    """An offset of a partition."""

    partition: int
    offset: int


Edge = datetime | Place


def parse_edge(text: str) -> Edge:
    """Return the moment or the place that a text means; raise `Unusable` for neither.

    A moment is ISO 8601; without an offset it is UTC.
    """
    if found := _PLACE.fullmatch(text):
        return Place(int(found[1]), int(found[2]))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unusable(
            f"{text!r} is neither a time such as 2026-01-31T12:00:00Z nor a place such as 3:120, "
            "partition 3 at offset 120"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


async def spans_between(log: Log, begins: Sequence[Edge], ends: Sequence[Edge]) -> list[Span]:
    """Return the stretches from the begins on and before the ends, to the log's end as it is now.

    Where places are named, only their partitions are meant. Raises `Unusable`.
    """
    whole = await log.whole()
    first = await _offsets(log, begins, {span.partition: span.first for span in whole})
    end = await _offsets(log, ends, {span.partition: span.end for span in whole})
    named = {edge.partition for edge in (*begins, *ends) if isinstance(edge, Place)}
    spans = []
    for span in whole:
        number = span.partition
        begin = max(span.first, span.end if (at := first[number]) is None else at)
        stop = span.end if (at := end[number]) is None else min(at, span.end)
        if begin < stop and (not named or number in named):
            spans.append(Span(number, begin, stop))
    return spans


async def _offsets(
    log: Log, edges: Sequence[Edge], otherwise: Mapping[int, int]
) -> Mapping[int, int | None]:
    moments = [edge for edge in edges if isinstance(edge, datetime)]
    places = dict(edge for edge in edges if isinstance(edge, Place))
    if len(moments) > 1 or len(moments) + len(places) < len(edges) or (moments and places):
        raise Unusable("name one moment, or one place in each partition")
    if unknown := places.keys() - otherwise.keys():
        raise Unusable(f"the log has partitions 0 to {log.partitions - 1}, not {min(unknown)}")
    return await log.offsets_at(moments[0]) if moments else {**otherwise, **places}
