"""In which order those start that fired together, though they stand in different partitions."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import timedelta

from orders.state import Pending

_PATIENCE = timedelta(seconds=1)
"""Nobody waits longer than this for the others: a partition that stands still holds up no other."""


class Starts:
    """Holds an order back until those before it have come back from the log, or moved elsewhere."""

    def __init__(self, start: Callable[[Pending], None]) -> None:
        self._start = start
        self._lines: dict[str, OrderedDict[str, Pending | None]] = {}

    def expect(self, order_ids: Iterable[str]) -> None:
        """Let these orders start one after the other as they stand here."""
        # A plain dictionary walks past all that have left it to find its first.
        line: OrderedDict[str, Pending | None] = OrderedDict.fromkeys(order_ids)
        for order_id in line:
            self.gone(order_id)
            self._lines[order_id] = line
        if line:
            seconds = _PATIENCE.total_seconds()
            asyncio.get_running_loop().call_later(seconds, self._give_up, line)

    def is_held(self, order_id: str) -> bool:
        """Return whether the order came and waits for others."""
        return self._lines.get(order_id, OrderedDict()).get(order_id) is not None

    def came(self, order: Pending) -> bool:
        """Start an order in its turn; return False for one that was not expected."""
        line = self._lines.get(order.placement.order_id)
        if line is None:
            return False
        line[order.placement.order_id] = order
        self._advance(line)
        return True

    def gone(self, order_id: str) -> None:
        """Wait no longer for this order, whether it is known here or not."""
        if (line := self._lines.pop(order_id, None)) is not None:
            del line[order_id]
            self._advance(line)

    def _advance(self, line: OrderedDict[str, Pending | None]) -> None:
        while line and (order := line[next(iter(line))]):
            self._leave(line, order)

    def _give_up(self, line: OrderedDict[str, Pending | None]) -> None:
        for order_id, order in list(line.items()):
            if order is None:
                del line[order_id], self._lines[order_id]
        self._advance(line)

    def _leave(self, line: OrderedDict[str, Pending | None], order: Pending) -> None:
        del line[order.placement.order_id]
        del self._lines[order.placement.order_id]
        self._start(order)
