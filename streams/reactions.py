"""Which orders are being worked on: a bounded number at once, the rest parked in turn."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from orders.state import New, Open, Pending, Resting, Waiting
from streams.slots import Slots
from streams.starts import Starts

logger = logging.getLogger(__name__)

DEATHS_IN_A_ROW = 10
"""So many orders whose reactions die while none ends well: that is no matter of one order."""

_PAUSE = timedelta(milliseconds=500)
_PAUSE_MAX = timedelta(minutes=1)


class CancelledByNobody(Exception):
    """A library cancelled what a reaction waited for, and nobody wanted the reaction to end."""


class Reactions:
    """Runs one task for each order that may move; beyond the limit, new orders wait their turn.

    An order holds its slot from its first quote until its attempt is resolved, so that a routed one
    never waits with an ageing quote. Snipers have slots of their own: they wait for no other order.
    Reading the log is never held back.

    What fails in a reaction is a value long before it comes here. After an exception that does come
    here the order gives its slot back and is tried again after a pause that grows: all others go
    on. Only when it meets one order after the other is the worker crashed, and recovers all.
    """

    def __init__(
        self,
        limit: int,
        react: Callable[[Open], Awaitable[None]],
        crash: Callable[[BaseException], Awaitable[None]],
    ) -> None:
        self._react = react
        self._crash = crash
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._latest: dict[str, asyncio.Task[None]] = {}
        self._snipers, self._others = Slots(limit), Slots(limit)
        self._starts = Starts(self._admit)
        self._turning = False
        self._pausing: dict[str, asyncio.Task[None]] = {}
        self._died_last: set[str] = set()

    @property
    def in_flight(self) -> int:
        """Return how many orders hold a slot."""
        return self._snipers.in_flight + self._others.in_flight

    @property
    def parked(self) -> int:
        """Return how many orders wait for one."""
        return self._snipers.parked + self._others.parked

    def expect(self, orders: Iterable[New | Resting]) -> None:
        """Let these snipers, which fire, start as they were placed among those of their token."""
        self._starts.expect(orders)

    def start(self, order: Open) -> None:
        """React to the order's present state, or park it when too many are in flight."""
        if not isinstance(order, Pending):
            self._run(order)
        elif not self._starts.came(order):
            self._admit(order)

    def release(self, order_id: str) -> None:
        """Give the order's slot to the next that is parked; its attempt is over."""
        self._forget_death(order_id)
        self._starts.gone(order_id)
        self._free(order_id)

    def stop(self, order_id: str) -> None:
        """Break off what is under way for an order that was sent nowhere, and give its slot on."""
        if task := self._latest.pop(order_id, None):
            task.cancel()
        self.release(order_id)

    def is_running(self, order_id: str) -> bool:
        """Return whether something is under way, or parked, for the order."""
        waits = any(slots.is_parked(order_id) for slots in (self._snipers, self._others))
        return waits or order_id in self._latest or self._starts.is_held(order_id)

    async def cancel(self, order_ids: Iterable[str]) -> None:
        """Stop working on these orders and wait until it has stopped."""
        leaving = set(order_ids)
        for order_id in leaving:
            self._starts.gone(order_id)
        for order_id in leaving:
            self._let_go(order_id)
        tasks = [task for order_id in leaving if (task := self._latest.get(order_id))]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._fill()

    def _admit(self, order: Pending) -> None:
        slots = self._slots_for(order)
        if slots.has_room_for(order.placement.order_id):
            self._run(order)
        else:
            slots.park(order)

    def _slots_for(self, order: Open) -> Slots:
        return self._snipers if order.placement.terms.is_sniper else self._others

    def _free(self, order_id: str) -> None:
        self._let_go(order_id)
        self._fill()

    def _let_go(self, order_id: str) -> None:
        self._snipers.free(order_id)
        self._others.free(order_id)

    def _forget_death(self, order_id: str) -> None:
        # The order went on without it.
        if task := self._pausing.pop(order_id, None):
            task.cancel()

    def _fill(self) -> None:
        for slots in (self._snipers, self._others):
            while order := slots.next():
                self._run(order)

    def _turn_soon(self) -> None:
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._turning = False
        for slots in (self._snipers, self._others):
            slots.turn()
        self._fill()

    def _run(self, order: Open) -> None:
        order_id = order.placement.order_id
        self._forget_death(order_id)
        if not isinstance(order, Waiting):
            self._slots_for(order).hold(order_id)
            self._turn_soon()
        task = asyncio.create_task(self._reacted(order))
        self._latest[order_id] = task
        self._tasks[task] = order_id
        task.add_done_callback(self._ended)

    async def _reacted(self, order: Open) -> None:
        order_id, pause = order.placement.order_id, _PAUSE
        while True:
            try:
                await self._react(order)
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                logger.exception("reaction died", extra={"order_id": order_id})
                await self._died(order_id, CancelledByNobody(), error)
            except Exception as error:
                logger.exception("reaction died", extra={"order_id": order_id})
                await self._died(order_id, error, None)
            else:
                self._died_last.clear()
                return
            task = asyncio.current_task()
            if task is None or self._latest.get(order_id) is not task:
                return
            self._free(order_id)
            self._pausing[order_id] = task
            await asyncio.sleep(pause.total_seconds())
            self._pausing.pop(order_id, None)
            pause = min(2 * pause, _PAUSE_MAX)

    async def _died(self, order_id: str, error: Exception, cause: BaseException | None) -> None:
        self._died_last.add(order_id)
        if len(self._died_last) >= DEATHS_IN_A_ROW:
            await self._crash(error)
            raise error from cause

    def _ended(self, task: asyncio.Task[None]) -> None:
        order_id = self._tasks.pop(task)
        if self._latest.get(order_id) is task:
            del self._latest[order_id]
            self._pausing.pop(order_id, None)
        if not task.cancelled():
            # Told already; asked for here, it is not reported as lost.
            task.exception()
