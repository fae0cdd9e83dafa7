"""Hears the market for all partitions of a worker."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple

from orders.state import New, Resting
from orders.values import Liquidity, Tick
from runtime.market import Move
from streams.market import MarketView
from streams.partition import Partition
from streams.starts import turn_of

_LOOK_EVERY = timedelta(milliseconds=20)
_LOOKS = 100
"""The snipers of a worker wait no longer than that for its late partitions, two seconds in all."""


class Shot(NamedTuple):
    """A sniper, where it stands, and the pool it fires on."""

    order: New | Resting
    partition: Partition
    pool: Liquidity


class Watch:
    """Tells what is heard to every partition that is live; those that become it look themselves."""

    def __init__(
        self,
        market: MarketView,
        partitions: Mapping[int, Partition],
        expect: Callable[[Iterable[New | Resting]], None],
    ) -> None:
        self._market = market
        self._partitions = partitions
        self._expect = expect
        self._found: dict[str, Liquidity] = {}
        self._looks = _LOOKS

    def found(self, order: New | Resting, pool: Liquidity) -> None:
        """Take a sniper that came after its pool, alone or with its partition.

        It fires at once unless a partition is being taken over: then with those of that one. In
        which order they start is for others to see to: see `Starts`.
        """
        is_first = not self._found
        self._found[order.placement.order_id] = pool
        if is_first:
            self._fire_found()

    def tick(self, tick: Tick) -> None:
        """Hear a price; one of the past is only kept."""
        self._market.tick(tick)
        if not self._market.silent:
            for partition in self._live():
                partition.resting.hear(tick, partition.open_orders)

    def liquidity(self, liquidity: Liquidity) -> None:
        """Hear of a pool: the snipers that fire on it do so in the order of their placement."""
        pool = self._market.liquidity(liquidity)
        self._fire(
            Shot(order, partition, pool)
            for partition in self._live()
            for order in partition.resting.found(pool)
        )

    def moved(self, move: Move) -> None:
        """Do nothing: the ticks that follow tell it."""

    def _fire(self, shots: Iterable[Shot]) -> None:
        in_turn = sorted(shots, key=lambda shot: turn_of(shot.order.placement))
        self._expect(shot.order for shot in in_turn)
        for shot in in_turn:
            shot.partition.resting.fire(shot.order, shot.pool)

    def _fire_found(self) -> None:
        if len(self._live()) == len(self._partitions):
            self._looks = _LOOKS
        elif self._looks:
            self._looks -= 1
            loop = asyncio.get_running_loop()
            loop.call_later(_LOOK_EVERY.total_seconds(), self._fire_found)
            return
        found, self._found = self._found, {}
        self._fire(
            Shot(order, partition, pool)
            for partition in self._live()
            for order_id, pool in found.items()
            if isinstance(order := partition.open_orders.get(order_id), New | Resting)
            and order_id not in partition.resting.seen
        )

    def _live(self) -> list[Partition]:
        return [partition for partition in self._partitions.values() if partition.live]
