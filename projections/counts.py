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
        self._moves: Counter[tuple[Status | None, Status]] = Counter()
        self._users: Counter[str] = Counter()

    def add(self, row: OrderRow) -> None:
        """Take in a new order."""
        self._moves[None, row.status] += 1
        if row.user_id is not None:
            self._users[row.user_id] += 1

    def move(self, before: Status, after: Status) -> None:
        """Take in that an order with one status has another now, or the same."""
        self._moves[before, after] += 1

    def rows(self) -> Iterator[CountRow]:
        """Return what changes, nothing for counts that stay as they are."""
        changes = Counter({("user", user): new for user, new in self._users.items()})
        for (before, after), orders in self._moves.items():
            if before is None:
                changes["all", ""] += orders
            else:
                _count(changes, before, -orders)
            _count(changes, after, orders)
        return (CountRow(*place, change) for place, change in changes.items() if change)


def _count(changes: Counter[tuple[str, str]], status: Status, orders: int) -> None:
    changes["status", status] += orders
    if status in UNFINISHED:
        changes["unfinished", ""] += orders
