"""In which order the snipers of a token start, though they stand in different partitions."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sortedcontainers import SortedDict

from orders.pairs import symbol_of
from orders.state import New, Pending, Placement, Resting

_PATIENCE = timedelta(seconds=1)
"""Nobody waits longer than this for the others: a partition that stands still holds up no other."""

Turn: TypeAlias = tuple[datetime, str]


def turn_of(placement: Placement) -> Turn:
    """Return what stands for an order's place among the others: when it was placed."""
    return placement.placed_at, placement.order_id


@dataclass(slots=True, eq=False)
class _Sniper:
    """One that fired; it has come back from the log when it has an `order`."""

    placement: Placement
    order: Pending | None = None

    @property
    def token(self) -> str:
        return symbol_of(self.placement.terms.token_out)


class Starts:
    """Holds a sniper back until those of its token that were placed before it, and have fired and
    not started, have come back from the log or moved elsewhere."""

    def __init__(self, start: Callable[[Pending], None]) -> None:
        self._start = start
        self._lines: dict[str, SortedDict[Turn, _Sniper]] = {}
        self._snipers: dict[str, _Sniper] = {}

    def expect(self, orders: Iterable[New | Resting]) -> None:
        """Let these orders, which fire, start in their turn when they come."""
        expected = [self._join(order.placement) for order in orders]
        if expected:
            seconds = _PATIENCE.total_seconds()
            asyncio.get_running_loop().call_later(seconds, self._give_up, expected)

    def is_held(self, order_id: str) -> bool:
        """Return whether the order came and waits for others."""
        sniper = self._snipers.get(order_id)
        return sniper is not None and sniper.order is not None

    def came(self, order: Pending) -> bool:
        """Start an order in its turn; return False for one that was not expected."""
        if (sniper := self._snipers.get(order.placement.order_id)) is None:
            return False
        sniper.order = order
        self._advance(sniper.token)
        return True

    def gone(self, order_id: str) -> None:
        """Wait no longer for this order, whether it is known here or not."""
        if sniper := self._snipers.get(order_id):
            self._leave(sniper)
            self._advance(sniper.token)

    def _join(self, placement: Placement) -> _Sniper:
        self.gone(placement.order_id)
        sniper = self._snipers[placement.order_id] = _Sniper(placement)
        self._lines.setdefault(sniper.token, SortedDict())[turn_of(placement)] = sniper
        return sniper

    def _leave(self, sniper: _Sniper) -> None:
        del self._snipers[sniper.placement.order_id]
        line = self._lines[sniper.token]
        del line[turn_of(sniper.placement)]
        if not line:
            del self._lines[sniper.token]

    def _advance(self, token: str) -> None:
        while (line := self._lines.get(token)) and (order := line.peekitem(0)[1].order):
            self._leave(line.peekitem(0)[1])
            self._start(order)

    def _give_up(self, expected: Iterable[_Sniper]) -> None:
        for sniper in expected:
            order_id = sniper.placement.order_id
            if sniper.order is None and self._snipers.get(order_id) is sniper:
                self.gone(order_id)
