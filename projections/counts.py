"""The table `order_counts`: how many orders there are, of which kind. No I/O here."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from orders.state import Status
from projections.orders import OrderRow

UNFINISHED = frozenset({"pending", "executing"})
"""Orders with these statuses are work that waits or is under way."""


class CountRow(NamedTuple):
    """By how much a count changes; what it counts are orders, `key` says which of its scope."""

    scope: str
    key: str
    change: int


class Counts:
    """The changes of one batch, summed."""

    def __init__(self) -> None:
        self._changes: Counter[tuple[str, str]] = Counter()

    def move(self, before: Status | None, row: OrderRow) -> None:
        """Take in that an order with this status, or none yet, has this row now."""
        if before is None:
            self._changes["all", ""] += 1
            if row.user_id is not None:
                self._changes["user", row.user_id] += 1
        else:
            self._count(before, -1)
        self._count(row.status, 1)

    def rows(self) -> Iterator[CountRow]:
        """Return what changes, nothing for counts that stay as they are."""
        return (CountRow(*place, change) for place, change in self._changes.items() if change)

    def _count(self, status: str, change: int) -> None:
        self._changes["status", status] += change
        if status in UNFINISHED:
            self._changes["unfinished", ""] += change
