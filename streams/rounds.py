"""Whose price is figured out anew: each order in its turn, some sooner. No clock in here."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

ROUND = 240
"""Calls in which everyone has had a turn; a call is made every 250 ms."""

_LEAST = 20
_SOON = 500
"""So many in one call: few for the one who calls, and thousands in a few seconds."""


class Rounds:
    """Goes round the orders of one partition; the caller passes over those that have left."""

    def __init__(self) -> None:
        self._soon: dict[str, None] = {}
        self._left: Iterator[str] = iter(())

    def sooner(self, order_ids: Iterable[str]) -> None:
        """Let these have the next turns."""
        self._soon.update(dict.fromkeys(order_ids))

    def next(self, order_ids: Collection[str]) -> list[str]:
        """Return whose turn it is, of all these."""
        soon = [*islice(self._soon, _SOON)]
        for order_id in soon:
            del self._soon[order_id]
        count = max(_LEAST, -(-len(order_ids) // ROUND))
        found = [*islice(self._left, count)]
        if len(found) < count:
            self._left = iter([*order_ids])
        return soon + found
