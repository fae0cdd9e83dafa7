"""How long each fault was felt, from what clients were answered and what the tables tell.

| fault of | felt as |
|---|---|
| worker | the longest an order stood still that a worker owed its next event, or soon did |
| delays | the most that a retry, due soon after the fault, began too late |
| api, kafka | the longest time in which no placement was accepted |
| market | the longest time in which no price was told |
| projector, postgres | the longest time in which the tables did not move |
"""

import threading
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import psycopg

from bench.chaos.faults import Done

SAMPLE_EVERY_S = 0.1
FELT_FOR = timedelta(seconds=5)
BACK_WITHIN = timedelta(seconds=60)

_SCHEMA = "select set_config('search_path', schema_name, false) from public.projection_pointer"
_MOVED = "select sum(next_offset)::bigint from projection_offsets"
# By the log's clock: one API process of a campaign has a wrong one.
_ORDERS = """
select max(appended_at) - min(appended_at) from order_events where not superseded
group by order_id having count(*) = 3 and bool_or(type = 'OrderExecuted')
"""
# What a client asked to be troubled is left out: a venue that hangs is no fault of a worker.
_OWED = """
select owed.appended_at, coalesce(paid.appended_at, now())
from order_events owed
left join order_events paid on paid.order_id = owed.order_id
  and paid.version = owed.version + 1 and not paid.superseded
where owed.type in ('OrderPlaced', 'OrderRouted', 'OrderRetryDue') and not owed.superseded
  and owed.order_id in (
    select order_id from order_events
    where type = 'OrderPlaced' and coalesce(data::json -> 'terms' ->> 'faults', '[]') = '[]'
  )
order by 1
"""
_RETRIES = """
select scheduled.appended_at + (scheduled.data::json ->> 'delay')::interval as due, due.appended_at
from order_events scheduled join order_events due using (order_id)
where scheduled.type = 'OrderRetryScheduled' and due.type = 'OrderRetryDue'
  and due.version = scheduled.version + 1 and not due.superseded and not scheduled.superseded
order by 1
"""


class Watch:
    """Notes, while the campaign runs, at which moments (UTC) the tables were seen to move."""

    def __init__(self, database_url: str, clock: Callable[[], datetime]) -> None:
        self._url = database_url
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.moved_at: list[datetime] = []

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(psycopg.Error):
                self._look()
            time.sleep(SAMPLE_EVERY_S)

    def _look(self) -> None:
        seen = None
        options: dict[str, Any] = {"connect_timeout": 2, "options": "-c statement_timeout=2000"}
        with psycopg.connect(self._url, autocommit=True, **options) as connection:
            connection.execute(_SCHEMA)
            while not self._stopping.wait(SAMPLE_EVERY_S):
                row = connection.execute(_MOVED).fetchone()
                if row != seen:
                    seen = row
                    self.moved_at.append(self._clock())


def longest_silence(moments: Sequence[datetime], fault: datetime) -> float:
    """Return the longest time between two moments around and after the fault, in seconds."""
    first = max(0, bisect_left(moments, fault) - 1)
    last = bisect_right(moments, fault + BACK_WITHIN)
    near = moments[first : last + 1]
    gaps = [
        (after - max(before, fault)).total_seconds()
        for before, after in pairwise(near)
        if before < fault + FELT_FOR
    ]
    return max(gaps, default=0.0)


def longest_wait(spans: Sequence[tuple[datetime, datetime]], fault: datetime) -> float:
    """Return the longest part after the fault of what was under way then or began soon after.

    `spans` are times of begin and end, by begin.
    """
    felt = [
        (ended - max(began, fault)).total_seconds()
        for began, ended in _near(spans, fault)
        if ended > fault
    ]
    return max(felt, default=0.0)


def latest_retry(retries: Sequence[tuple[datetime, datetime]], fault: datetime) -> float:
    """Return how much too late, in seconds, the latest retry began that was due after the fault."""
    felt = [(began - max(due, fault)).total_seconds() for due, began in _near(retries, fault)]
    return max([lateness for lateness in felt if lateness > 0], default=0.0)


def _near(
    spans: Sequence[tuple[datetime, datetime]], fault: datetime
) -> Iterable[tuple[datetime, datetime]]:
    first = bisect_left(spans, fault - BACK_WITHIN, key=lambda span: span[0])
    last = bisect_right(spans, fault + FELT_FOR, key=lambda span: span[0])
    return (span for span in spans[first:last] if span[1] > fault - FELT_FOR)


class Recovery:
    """What the faults of one campaign were felt as, in seconds, by the name of the fault."""

    def __init__(
        self,
        database_url: str,
        accepted_at: Iterable[datetime],
        moved_at: Iterable[datetime],
        told_at: Iterable[datetime],
        ended_at: datetime,
    ) -> None:
        # A silence that had no end within the campaign is felt to the campaign's end.
        self._accepted_at = sorted((*accepted_at, ended_at))
        self._moved_at = sorted((*moved_at, ended_at))
        self._told_at = sorted((*(at for at in told_at if at < ended_at), ended_at))
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(_SCHEMA)
            self._orders = [took.total_seconds() for (took,) in connection.execute(_ORDERS)]
            self._owed = connection.execute(_OWED).fetchall()
            self._retries = connection.execute(_RETRIES).fetchall()

    def undisturbed(self) -> float:
        """Return the median time of an order of one attempt, in seconds."""
        return float(median(self._orders or [0.0]))

    def of(self, done: Done) -> float:
        """Return how long, in seconds, this fault was felt."""
        match done.fault.sort:
            case "worker":
                return longest_wait(self._owed, done.struck_at)
            case "delays":
                return latest_retry(self._retries, done.struck_at)
            case "projector" | "postgres":
                return longest_silence(self._moved_at, done.struck_at)
            case "market":
                return longest_silence(self._told_at, done.struck_at)
            case _:
                return longest_silence(self._accepted_at, done.struck_at)

    def by_name(self, faults: Iterable[Done]) -> Mapping[str, list[float]]:
        """Return the times of all that were done, shortest first."""
        felt = defaultdict(list)
        for done in faults:
            if done.why is None:
                felt[done.fault.name].append(self.of(done))
        return {name: sorted(times) for name, times in sorted(felt.items())}
