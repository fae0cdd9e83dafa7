"""Hears the market for all partitions of a worker."""

from collections.abc import Callable, Iterable, Mapping

from orders.values import Liquidity, Tick
from runtime.market import Move
from streams.market import MarketView
from streams.partition import Partition


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

    def tick(self, tick: Tick) -> None:
        """Hear a price; one of the past is only kept."""
        self._market.tick(tick)
        if not self._market.silent:
            for partition in self._live():
                partition.resting.hear(tick, partition.open_orders)

    def liquidity(self, liquidity: Liquidity) -> None:
        """Hear of a pool: the snipers that fire on it do so in the order of their placement."""
        pool = self._market.liquidity(liquidity)
        found = [
            (order.placement.placed_at, order.placement.order_id, order, partition.resting)
            for partition in self._live()
            for order in partition.resting.found(pool)
        ]
        found.sort(key=lambda one: one[:2])
        self._expect(order_id for _, order_id, _, _ in found)
        for _, _, order, resting in found:
            resting.fire(order, pool)

    def moved(self, move: Move) -> None:
        """Do nothing: the ticks that follow tell it."""

    def _live(self) -> list[Partition]:
        return [partition for partition in self._partitions.values() if partition.live]
