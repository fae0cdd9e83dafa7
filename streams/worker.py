"""The two workers put together: each an app that runs until it is told to stop or crashes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import faust

from orders.retry import RetryPolicy
from orders.topics import Topics
from runtime.appender import open_appender
from runtime.crash import Reached, crash_points
from runtime.market import Listener, Listeners, follow_market
from streams.app import advance_orders, create_app
from streams.assignments import Assignments
from streams.clock import BrokerClock
from streams.confirmation import confirm_placements
from streams.crash import with_crash_points
from streams.delays import Delays, delay_retries
from streams.faults import stop_on_error
from streams.log import Log
from streams.market import KEPT, Hearing, MarketView
from streams.own import OwnEvents
from streams.partition import Partition
from streams.process import OrderProcess
from streams.resting import RestingOrders
from streams.settings import StreamSettings
from streams.watch import Watch
from streams.work import Work
from venues import open_venues, simulated_pools, simulated_share
from venues.changes import Changes

logger = logging.getLogger(__name__)

_LOOK_AFTER = timedelta(seconds=5)
_END_EVERY = timedelta(milliseconds=250)
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
    reached, own = crash_points(settings), OwnEvents()
    changes, hearing = Changes(known=False), Hearing(sources.monotonic)
    async with (
        _log(settings, reached, own) as log,
        open_venues(settings, sources.local_time, changes) as opened,
    ):
        venues = with_crash_points(opened, reached)
        process = OrderProcess(venues, RetryPolicy(), clock, sources.new_id)
        app = create_app(settings, "streams", scratch)
        pools = simulated_pools(settings, sources.local_time, changes)
        market = MarketView(hearing.is_silent, pools)
        work = Work(process, log, settings.max_reactions, app.crash)
        share = simulated_share(settings, sources.local_time, changes)

        def new_partition() -> Partition:
            resting = RestingOrders(market, share, work.lane, work.probes)
            resting.gather(watch.found)
            lanes = work.reactions, work.lane, resting
            return Partition(settings.partitions, clock, *lanes, own.decode)

        assignments = Assignments(settings, new_partition, app.crash, changes.known)
        work.begin(assignments)
        advance_orders(app, settings, assignments)
        watch = Watch(market, assignments.partitions, work.reactions.expect)
        chores = (
            _every(_LOOK_AFTER, assignments.put_overdue_on_delay),
            assignments.end_what_is_over(_END_EVERY),
            confirm_placements(settings.database_url, assignments.partitions),
            hearing.tell(),
            _heard(settings, Listeners(changes, watch), changes.known, hearing),
        )
        async with _running(app), _looked_after(app, assignments, *chores):
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
async def _log(
    settings: StreamSettings, reached: Reached, own: OwnEvents | None = None
) -> AsyncIterator[Log]:
    patience = timedelta(milliseconds=settings.append_timeout_ms)
    async with open_appender(settings.kafka, patience, reached) as appender:
        yield Log(appender, Topics(settings.topic_prefix), settings.partitions, own)


@asynccontextmanager
async def _running(app: faust.App) -> AsyncIterator[None]:
    app.finalize()
    await app.start()
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(_STOP_TIMEOUT.total_seconds()):
                await app.stop()
        except TimeoutError:
            logger.warning("Faust did not stop in time: what it holds comes back by recovery")


async def _heard(
    settings: StreamSettings, listener: Listener, known: asyncio.Event, hearing: Hearing
) -> None:
    topics = Topics(settings.topic_prefix)
    await follow_market(settings.kafka, topics, listener, KEPT, known=known, silence=hearing)


async def _every(pause: timedelta, chore: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(pause.total_seconds())
        chore()


@asynccontextmanager
async def _looked_after(
    app: faust.App, assignments: Assignments, *chores: Coroutine[None, None, None]
) -> AsyncIterator[None]:
    async def crashing(chore: Coroutine[None, None, None]) -> None:
        async with stop_on_error(app.crash):
            await chore

    tasks = [asyncio.create_task(crashing(chore)) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await assignments.close()
