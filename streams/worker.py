"""The two workers put together: each an app that runs until it is told to stop or crashes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import faust

from orders.retry import RetryPolicy
from orders.state import Open, Waiting
from orders.topics import Topics
from runtime.appender import open_appender
from runtime.crash import Reached, crash_points
from runtime.market import Silence, follow_market
from streams.app import advance_orders, create_app
from streams.assignments import Assignments
from streams.clock import BrokerClock
from streams.confirmation import confirm_placements
from streams.crash import with_crash_points
from streams.delays import Delays, delay_retries
from streams.faults import stop_on_error
from streams.lane import Lane
from streams.log import Log
from streams.process import OrderProcess
from streams.reactions import Reactions
from streams.settings import StreamSettings
from venues import open_venues
from venues.changes import Changes

logger = logging.getLogger(__name__)

_LOOK_AFTER = timedelta(seconds=5)
_EXPIRE_EVERY = timedelta(milliseconds=250)
_STOP_TIMEOUT = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where time and ids come from."""

    local_time: Callable[[], datetime]
    monotonic: Callable[[], float]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that was started, and when it serves."""

    app: faust.App
    ready: asyncio.Event


@asynccontextmanager
async def stream_worker(
    settings: StreamSettings, sources: Sources, scratch: str
) -> AsyncIterator[Worker]:
    """Start the worker that folds the log and reacts; it is stopped when the block ends."""
    clock = BrokerClock(sources.local_time, sources.monotonic)
    reached = crash_points(settings)
    changes, silence = Changes(known=False), Silence(sources.monotonic)
    following = follow_market(
        *(settings.kafka, Topics(settings.topic_prefix), changes, None),
        known=changes.known,
        silence=silence,
    )
    async with (
        _log(settings, reached) as log,
        open_venues(settings, sources.local_time, changes) as opened,
    ):
        venues = with_crash_points(opened, reached)
        process = OrderProcess(venues, RetryPolicy(), clock, sources.new_id)
        app = create_app(settings, "streams", scratch)

        async def react(order: Open) -> None:
            if isinstance(order, Waiting):
                await log.delay(order)
            elif event := await process.advance(order, assignments.present):
                await log.append(event)
            else:
                reactions.release(order.placement.order_id)

        async def settle(order_id: str) -> None:
            order = assignments.find(order_id)
            if order and (event := process.settle(order)):
                await log.append(event)

        reactions = Reactions(settings.max_reactions, react, app.crash)
        assignments = Assignments(settings, clock, reactions, Lane(settle), app.crash)
        advance_orders(app, settings, assignments)
        works = (
            following,
            silence.tell(),
            confirm_placements(settings.database_url, assignments.partitions),
        )
        async with _running(app), _looked_after(app, assignments, *works):
            yield Worker(app, assignments.settled)


@asynccontextmanager
async def delays_worker(
    settings: StreamSettings, sources: Sources, scratch: str
) -> AsyncIterator[Worker]:
    """Start the worker that holds orders between attempts; it is stopped when the block ends."""
    clock = BrokerClock(sources.local_time, sources.monotonic)
    async with _log(settings, crash_points(settings)) as log:
        process = OrderProcess({}, RetryPolicy(), clock, sources.new_id, actor="delays")
        app = create_app(settings, "delays", scratch)
        delays = Delays(log, clock, process.begin_retry, settings.max_delayed)
        delay_retries(app, settings, clock, delays)
        ready = asyncio.Event()
        async with _running(app):
            ready.set()
            try:
                yield Worker(app, ready)
            finally:
                await delays.close()


@asynccontextmanager
async def _log(settings: StreamSettings, reached: Reached) -> AsyncIterator[Log]:
    patience = timedelta(milliseconds=settings.append_timeout_ms)
    async with open_appender(settings.kafka, patience, reached) as appender:
        yield Log(appender, Topics(settings.topic_prefix), settings.partitions)


@asynccontextmanager
async def _running(app: faust.App) -> AsyncIterator[None]:
    app.finalize()
    await app.start()
    try:
        yield
    finally:
        try:
            await asyncio.wait_for(app.stop(), _STOP_TIMEOUT.total_seconds())
        except TimeoutError:
            logger.warning("Faust did not stop in time: what it holds comes back by recovery")


@asynccontextmanager
async def _looked_after(
    app: faust.App, assignments: Assignments, *works: Coroutine[None, None, None]
) -> AsyncIterator[None]:
    async def every(pause: timedelta, look_after: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(pause.total_seconds())
            look_after()

    async def crashing(work: Coroutine[None, None, None]) -> None:
        async with stop_on_error(app.crash):
            await work

    looks = (
        every(_LOOK_AFTER, assignments.put_overdue_on_delay),
        every(_EXPIRE_EVERY, assignments.end_expired),
    )
    tasks = [asyncio.create_task(crashing(work)) for work in (*looks, *works)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await assignments.close()
