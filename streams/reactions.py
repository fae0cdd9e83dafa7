"""Which orders are being worked on: a bounded number at once, the rest parked in turn."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from orders.state import Open, Pending, Waiting
from streams.faults import stop_on_error

logger = logging.getLogger(__name__)


class CancelledByNobody(Exception):
    """A library cancelled what a reaction waited for, and nobody wanted the reaction to end."""


class Reactions:
    """Runs one task for each order that may move; beyond the limit, new orders wait their turn.

    An order holds its slot from its first quote until its attempt is resolved, so that a routed one
    never waits with an ageing quote. Reading the log is never held back.

    What fails in a reaction is a value long before it comes here. An exception that does come here
    crashes the worker: its order would lie still otherwise, until it is recovered somewhere.
    """

    def __init__(
        self,
        limit: int,
        react: Callable[[Open], Awaitable[None]],
        crash: Callable[[BaseException], Awaitable[None]],
    ) -> None:
        self._limit = limit
        self._react = react
        self._crash = crash
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: dict[str, asyncio.Task[None]] = {}
        self._holding: set[str] = set()
        self._parked: dict[str, Pending] = {}

    @property
    def in_flight(self) -> int:
        """Return how many orders hold a slot."""
        return len(self._holding)

    @property
    def parked(self) -> int:
        """Return how many orders wait for one."""
        return len(self._parked)

    def start(self, order: Open) -> None:
        """React to the order's present state, or park it when too many are in flight."""
        order_id = order.placement.order_id
        if (
            isinstance(order, Pending)
            and order_id not in self._holding
            and len(self._holding) >= self._limit
        ):
            self._parked[order_id] = order
        else:
            self._run(order)

    def release(self, order_id: str) -> None:
        """Give the order's slot to the next that is parked; its attempt is over."""
        self._holding.discard(order_id)
        self._parked.pop(order_id, None)
        self._fill()

    def is_running(self, order_id: str) -> bool:
        """Return whether something is under way, or parked, for the order."""
        return order_id in self._latest or order_id in self._parked

    async def cancel(self, order_ids: Iterable[str]) -> None:
        """Stop working on these orders and wait until it has stopped."""
        leaving = set(order_ids)
        self._holding -= leaving
        for order_id in leaving:
            self._parked.pop(order_id, None)
        tasks = [task for order_id in leaving if (task := self._latest.get(order_id))]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._fill()

    def _fill(self) -> None:
        while self._parked and len(self._holding) < self._limit:
            self._run(self._parked.pop(next(iter(self._parked))))

    def _run(self, order: Open) -> None:
        order_id = order.placement.order_id
        if not isinstance(order, Waiting):
            self._holding.add(order_id)
        task = asyncio.create_task(self._reacted(order))
        self._latest[order_id] = task
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, order_id))

    async def _reacted(self, order: Open) -> None:
        async with stop_on_error(self._crash):
            try:
                await self._react(order)
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                raise CancelledByNobody from error

    def _ended(self, order_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._latest.get(order_id) is task:
            del self._latest[order_id]
        if not task.cancelled() and (error := task.exception()):
            logger.error("reaction died", extra={"order_id": order_id}, exc_info=error)
