"""The rows of the tables against those that the stories call for. No I/O here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from audit.findings import Findings
from audit.rows import EventRow, differences, order_row, state_of, status_of
from audit.story import Story
from audit.tables import EventRead, OrderRead

UNFINISHED = frozenset({"pending", "executing"})


class EventComparison:
    """Compares one partition's rows of `order_events`, a run of offsets at a time."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._seq = 0
        self._offset = -1

    def compare(self, expected: Sequence[EventRow], found: Sequence[EventRead]) -> None:
        """Note where the rows of a run of offsets are not those expected; both are by offset."""
        self._findings.checked("I4", len(found))
        self._check_sequence(found)
        if [read.row for read in found] == expected:
            return
        wanted = {row.offset: row for row in expected}
        for read in found:
            row = wanted.pop(read.row.offset, None)
            if row is None:
                self._unwanted(read)
            elif row != read.row:
                self._differing(row, read.row)
        for row in wanted.values():
            self._broken(row, "the row of order_events is missing")

    def _check_sequence(self, found: Sequence[EventRead]) -> None:
        self._findings.checked("I7", len(found))
        for row, seq in found:
            place = f"order {row.order_id}: {row.partition}:{row.offset}"
            if row.offset == self._offset:
                self._findings.broken("I7", f"{place} is there twice, again with seq {seq}")
            elif seq <= self._seq:
                told = f"{place} has seq {seq}, a record before it has {self._seq}"
                self._findings.broken("I7", told)
            self._seq, self._offset = max(seq, self._seq), row.offset

    def _unwanted(self, read: EventRead) -> None:
        self._broken(read.row, f"the log calls for no such row of order_events (seq {read.seq})")

    def _differing(self, wanted: EventRow, found: EventRow) -> None:
        pairs = zip(EventRow._fields, wanted, found, strict=True)
        told = "; ".join(f"{name} is {is_!s}, not {be!s}" for name, be, is_ in pairs if be != is_)
        self._broken(wanted, f"order_events: {told}")

    def _broken(self, row: EventRow, told: str) -> None:
        place = f"{row.partition}:{row.offset}"
        self._findings.broken("I4", f"order {row.order_id}: at {place} {told}")


class Tally:
    """How many orders there are of each kind, as `order_counts` must have them."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, stories: Iterable[Story]) -> None:
        """Count these orders."""
        counts = self._counts
        for story in stories:
            counts["all", ""] += 1
            counts["status", status_of(story)] += 1
            if story.placed.user_id is not None:
                counts["user", story.placed.user_id] += 1
            if status_of(story) in UNFINISHED:
                counts["unfinished", ""] += 1

    def compare(self, found: Mapping[tuple[str, str], int], findings: Findings) -> None:
        """Note where the counters are not what was counted."""
        findings.checked("I4", len(found))
        for scope, key in sorted(found.keys() | self._counts.keys()):
            wanted, is_ = self._counts[scope, key], found.get((scope, key), 0)
            if wanted != is_:
                of = f"{scope} {key}".rstrip()
                findings.broken("I4", f"order_counts has {is_} for {of}, there are {wanted}")


class OrderComparison:
    """Compares one partition's rows of `orders` with the stories as they stand now."""

    def __init__(
        self,
        partition: int,
        stories: Mapping[str, Story],
        columns: Sequence[str],
        findings: Findings,
    ) -> None:
        self.alarmed: set[str] = set()
        self.unknown: list[str] = []
        self._partition = partition
        self._stories = stories
        self._columns = columns
        self._findings = findings
        self._seen: set[str] = set()

    def compare(self, rows: Iterable[OrderRead]) -> None:
        """Note where these rows are not as their stories call for."""
        of = {name: place for place, name in enumerate(self._columns)}
        for columns, state in rows:
            self._findings.checked("I4")
            order_id = columns[of["order_id"]]
            if columns[of["quarantined"]]:
                self.alarmed.add(order_id)
            story = self._stories.get(order_id)
            if story is None:
                self.unknown.append(order_id)
                self._broken(order_id, "the log calls for no such row of orders")
                continue
            if order_id in self._seen:
                self._broken(order_id, "there are two rows in orders")
            self._seen.add(order_id)
            told = [*differences(order_row(story, self._partition), self._columns, columns)]
            if state is not None and state != (wanted := state_of(story)):
                told.append(f"its stored state tells {tuple(state)}, not {tuple(wanted)}")
            if told:
                self._broken(order_id, f"orders: {'; '.join(told)}")

    def finish(self) -> None:
        """Note the orders that have no row."""
        if len(self._seen) < len(self._stories):
            for order_id in self._stories.keys() - self._seen:
                self._broken(order_id, "the row of orders is missing")

    def _broken(self, order_id: str, told: str) -> None:
        self._findings.broken("I4", f"order {order_id}: {told}")
