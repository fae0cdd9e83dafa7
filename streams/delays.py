"""The delays worker: holds waiting orders until their delay is over; nobody else waits for it."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

import faust

from orders.errors import NotAnEvent
from orders.events import AnyOrderEvent
from orders.state import Waiting
from orders.topics import Topics
from orders.wire import decode_order
from streams.app import record_of
from streams.clock import BrokerClock
from streams.faults import stop_on_error
from streams.log import Log
from streams.settings import StreamSettings

logger = logging.getLogger(__name__)

_STEP_MAX = timedelta(seconds=1)

BeginRetry = Callable[[Waiting], AnyOrderEvent | None]


class Delays:
    """Appends `OrderRetryDue` for each waiting order when broker time says that it is due."""

    def __init__(self, log: Log, clock: BrokerClock, begin_retry: BeginRetry, limit: int) -> None:
        self._log = log
        self._clock = clock
        self._begin_retry = begin_retry
        self._room = asyncio.Semaphore(limit)
        self._waiting: set[asyncio.Task[None]] = set()

    async def hold(self, value: bytes, due_at: datetime, done: Callable[[], object]) -> None:
        """Begin to hold an order; returns when there is room for one more. Calls `done` at its end.

        What the worker holds when it dies is delivered again, or put on its delay topic again by
        the order's owner; the second `OrderRetryDue` is superseded.
        """
        order = _waiting_order(value)
        if order is None:
            done()
            return
        await self._room.acquire()
        task = asyncio.create_task(self._wait(order, due_at, done))
        self._waiting.add(task)
        task.add_done_callback(self._left)

    async def close(self) -> None:
        """Let go of every order held."""
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._waiting.discard(task)
        self._room.release()

    async def _wait(self, order: Waiting, due_at: datetime, done: Callable[[], object]) -> None:
        left = due_at - self._clock()
        while left > timedelta(0):
            await asyncio.sleep(min(left, _STEP_MAX).total_seconds())
            left = due_at - self._clock()
        event = self._begin_retry(order)
        if event is not None:
            await self._log.append(event)
        done()


def _waiting_order(value: bytes) -> Waiting | None:
    try:
        order = decode_order(value)
    except NotAnEvent as error:
        logger.warning("not a waiting order", extra={"why": str(error)})
        return None
    return order if isinstance(order, Waiting) else None


def delay_retries(
    app: faust.App, settings: StreamSettings, clock: BrokerClock, delays: Delays
) -> None:
    """Register one agent for each delay topic, so that a long wait never blocks a shorter one."""
    for delay, name in Topics(settings.topic_prefix).retries.items():

        async def hold(stream: faust.StreamT[bytes], delay: timedelta = delay) -> None:
            async for event in cast("faust.Stream[bytes]", stream).noack().events():
                async with stop_on_error(app.crash):
                    record = record_of(event)
                    clock.saw(record.appended_at)
                    value = record.value or b""
                    await delays.hold(value, record.appended_at + delay, event.ack)

        topic = app.topic(name, value_type=bytes)
        app.agent(topic, name=f"delay_{delay.total_seconds():.0f}s", concurrency=1)(hold)
