"""Events that need no venue: decided and appended beside the reactions, without a slot."""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial

logger = logging.getLogger(__name__)

_PAUSE = timedelta(seconds=5)


class Lane:
    """Settles what orders ask for, each on the state it has when its turn comes, so many at once.

    Those put `ahead` wait for no others: so many of them at once again.
    An order that is put again before its turn has one turn; one whose turn has begun gets another.
    After an unexpected exception the order is tried again after a pause: all others go on.
    """

    def __init__(self, settle: Callable[[str], Awaitable[None]], at_once: int) -> None:
        self._settle = settle
        self._at_once = at_once
        # Plain dictionaries walk past all that have left them to find their first.
        self._due: OrderedDict[str, None] = OrderedDict()
        self._ahead: OrderedDict[str, None] = OrderedDict()
        self._tasks: dict[asyncio.Task[None], str | None] = {}
        self._working = Counter[bool]()
        self._again: dict[str, asyncio.TimerHandle] = {}

    def put(self, order_id: str, *, ahead: bool = False) -> None:
        """Settle this order as soon as there is room."""
        (self._ahead if ahead else self._due)[order_id] = None
        self._begin(ahead=ahead)

    async def cancel(self, order_ids: Iterable[str]) -> None:
        """Stop what is under way for these orders, and wait until it has stopped."""
        leaving = set(order_ids)
        for order_id in leaving:
            self._due.pop(order_id, None)
            self._ahead.pop(order_id, None)
            if timer := self._again.pop(order_id, None):
                timer.cancel()
        tasks = [task for task, order_id in self._tasks.items() if order_id in leaving]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for ahead, due in ((True, self._ahead), (False, self._due)):
            for _ in range(min(len(due), self._at_once)):
                self._begin(ahead=ahead)

    def _begin(self, *, ahead: bool) -> None:
        if self._working[ahead] < self._at_once:
            self._working[ahead] += 1
            task = asyncio.create_task(self._work(self._ahead if ahead else self._due))
            self._tasks[task] = None
            task.add_done_callback(partial(self._ended, ahead=ahead))

    def _ended(self, task: asyncio.Task[None], *, ahead: bool) -> None:
        del self._tasks[task]
        self._working[ahead] -= 1

    async def _work(self, due: OrderedDict[str, None]) -> None:
        task = asyncio.current_task()
        while due and task:
            order_id, _ = due.popitem(last=False)
            self._tasks[task] = order_id
            await self._settled(order_id)

    async def _settled(self, order_id: str) -> None:
        try:
            await self._settle(order_id)
        except Exception:
            logger.exception("reaction died", extra={"order_id": order_id})
            loop = asyncio.get_running_loop()
            self._again[order_id] = loop.call_later(_PAUSE.total_seconds(), self._retry, order_id)

    def _retry(self, order_id: str) -> None:
        self._again.pop(order_id, None)
        self.put(order_id)
