"""Hears the market for all partitions of a worker."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from orders.state import New, Resting
from orders.values import Liquidity, Tick
from runtime.market import Move
from streams.market import MarketView
from streams.partition import Partition

_LOOK_EVERY = timedelta(milliseconds=20)
_LOOKS = 100
"""The snipers of a worker's partitions wait for each other no longer than that, two seconds."""


class Shot(NamedTuple):
    """A sniper, where it rests, and the pool it fires on."""

    order: Resting
    partition: Partition
    pool: Liquidity

    @property
    def turn(self) -> tuple[datetime, str]:
        """Return what stands for its place among the others."""
        return self.order.placement.placed_at, self.order.placement.order_id


class Watch:
    """Tells what is heard to every partition that is live; those that become it look themselves."""

    def __init__(
        self,
        market: MarketView,
        partitions: Mapping[int, Partition],
        expect: Callable[[Iterable[str]], None],
    ) -> None:
        self._market = market
        self._partitions = partitions
        self._expect = expect
        self._found: dict[str, Liquidity] = {}

    def found(self, order: New | Resting, pool: Liquidity) -> None:
        """Take a sniper whose partition came after its pool: it fires with those of the others.

        Partitions are taken over one by one; the snipers of a token start in the order of their
        placement all the same, unless one of the partitions is late.
        """
        if not self._found:
            asyncio.get_running_loop().call_soon(self._fire_found, _LOOKS)
        self._found[order.placement.order_id] = pool

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
        in_turn = sorted(shots, key=lambda shot: shot.turn)
        self._expect(shot.order.placement.order_id for shot in in_turn)
        for shot in in_turn:
            shot.partition.resting.fire(shot.order, shot.pool)

    def _fire_found(self, looks: int) -> None:
        if looks and len(self._live()) < len(self._partitions):
            loop = asyncio.get_running_loop()
            loop.call_later(_LOOK_EVERY.total_seconds(), self._fire_found, looks - 1)
            return
        found, self._found = self._found, {}
        self._fire(
            Shot(order, partition, pool)
            for partition in self._live()
            for order_id, pool in found.items()
            if isinstance(order := partition.open_orders.get(order_id), Resting)
            and order_id not in partition.resting.seen
        )

    def _live(self) -> list[Partition]:
        return [partition for partition in self._partitions.values() if partition.live]
