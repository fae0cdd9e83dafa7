"""What a worker does for its orders: what needs a venue, what needs none, and what only asks."""

from collections.abc import Awaitable, Callable

from orders.state import Open, Resting, Waiting
from streams.assignments import Assignments
from streams.lane import Lane
from streams.log import Log
from streams.process import OrderProcess
from streams.reactions import Reactions

_SETTLED_AT_ONCE = 1_000
_PROBED_AT_ONCE = 50
"""Orders whose quotes fell short and that are asked for again: no more of the machine than this."""


class Work:
    """Three ways to work on an order, each bounded; what it leads to is appended to the log."""

    def __init__(
        self,
        process: OrderProcess,
        log: Log,
        limit: int,
        crash: Callable[[BaseException], Awaitable[None]],
    ) -> None:
        self._process = process
        self._log = log
        self._assignments: Assignments | None = None
        self.reactions = Reactions(limit, self._react, crash)
        self.lane = Lane(self._settle, _SETTLED_AT_ONCE)
        self.probes = Lane(self._probe, _PROBED_AT_ONCE)

    def begin(self, assignments: Assignments) -> None:
        """Take the orders from these partitions."""
        self._assignments = assignments

    async def _react(self, order: Open) -> None:
        if isinstance(order, Waiting):
            await self._log.delay(order)
        elif event := await self._process.advance(order, self._present):
            await self._log.append(event)
        else:
            self.reactions.release(order.placement.order_id)

    async def _settle(self, order_id: str) -> None:
        home = self._assignments.home(order_id) if self._assignments else None
        found = home.settling(order_id) if home else None
        if home and found and (event := self._process.settle(*found)):
            with home.under_way.appended(event):
                await self._log.append(event)

    async def _probe(self, order_id: str) -> None:
        home = self._assignments.home(order_id) if self._assignments else None
        order = home.open_orders.get(order_id) if home else None
        if home and isinstance(order, Resting) and home.resting.is_asked_for(order_id):
            home.answered(order, reached=await self._process.is_reached(order))

    def _present(self, order: Open) -> Open:
        return self._assignments.present(order) if self._assignments else order
