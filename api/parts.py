"""What the routes work with, put together once for a process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from api.batches import Batches
from api.beats import Beats
from api.crowd import Crowd
from api.database import Database
from api.ends import EndOffsets
from api.feed import FeedReader
from api.guard import Access, Judge
from api.health import Health
from api.hub import Hub
from api.listed import Listed
from api.log import KafkaLog
from api.lookup import Lookup
from api.metrics import Metrics
from api.origins import Origins
from api.placing import Placing
from api.ports import Log, ReadModel
from api.positions import Positions
from api.previews import Previews
from api.progress import Progress
from api.queries import Queries
from api.quotations import Follow, Quotations
from api.rates import Rates
from api.repeats import Repeats
from api.room import Room
from api.rows import OrderRow
from api.settings import ApiSettings
from api.slots import Shares, Slots
from api.store import Store, open_store
from api.streams import Streams
from api.wishing import Wishing
from orders.topics import Topics
from runtime.appender import open_appender
from runtime.crash import crash_points
from runtime.market import Listener, follow_market
from runtime.silence import Silence
from venues import simulated_quoters
from venues.changes import Changes

PRICES_SINCE = timedelta(seconds=10)
"""Read again when a process begins: by then every pair has been told."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The clock (UTC), the ids, and how the process is stopped with a sentence."""

    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    fail: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The log and the projection this process talks to."""

    log: Log
    read_model: ReadModel
    store: Store
    follow: Follow


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a route may need."""

    settings: ApiSettings
    clock: Callable[[], datetime]
    access: Access
    read_model: ReadModel
    order_rows: Batches[OrderRow]
    placing: Placing
    wishing: Wishing
    repeats: Repeats
    room: Room
    lookup: Lookup
    positions: Positions
    feed: FeedReader
    streams: Streams
    beats: Beats
    long_answers: Shares
    health: Health
    metrics: Metrics
    previews: Previews
    market: Quotations
    listed: Listed


def assemble(settings: ApiSettings, sources: Sources, neighbours: Neighbours) -> Parts:
    """Put the parts together; needs a running event loop, touches no network."""
    log, read_model = neighbours.log, neighbours.read_model
    feed = FeedReader(read_model, Hub(settings.feed_buffer), sources.fail)
    room = Room(read_model, settings.max_unfinished)
    most = settings.max_placements
    placing = Placing(
        log, sources.clock, sources.new_id, settings.placement_window, room, Slots(most)
    )
    patience = settings.read_patience
    waiting = Slots(settings.max_reads_waiting)
    lookup = Lookup(log, feed.progress, settings.partitions, patience, waiting)
    shares = Shares(waiting, settings.reads_waiting_each)
    positions = Positions(read_model, feed.progress, settings.partitions, patience, shares)
    changes, silence = Changes(known=False), Silence(asyncio.get_running_loop().time)
    health = Health(log, read_model, placing, sources.clock, settings.lag_degraded, silence)
    return Parts(
        settings=settings,
        clock=sources.clock,
        access=_access(settings, sources.clock, neighbours.store),
        read_model=read_model,
        order_rows=Batches(read_model.orders, settings.partitions),
        placing=placing,
        wishing=Wishing(log, sources.clock, sources.new_id, Slots(most)),
        repeats=_repeats(settings, placing, read_model, feed.progress),
        room=room,
        lookup=lookup,
        positions=positions,
        feed=feed,
        streams=Streams(read_model, feed.progress),
        beats=Beats(read_model),
        long_answers=Shares(Slots(settings.max_streams), settings.streams_each),
        health=health,
        metrics=Metrics(health),
        previews=_previews(settings, sources, changes),
        market=Quotations(neighbours.follow, changes, silence),
        listed=Listed(changes),
    )


def _repeats(
    settings: ApiSettings, placing: Placing, read_model: ReadModel, progress: Progress
) -> Repeats:
    partitions, slots = settings.partitions, Slots(settings.max_placements)
    placements = Batches(read_model.placements, partitions)
    return Repeats(placing, placements, progress, slots, settings.read_patience, partitions)


def _previews(settings: ApiSettings, sources: Sources, changes: Changes) -> Previews:
    venues = simulated_quoters(settings, sources.clock, changes).values()
    return Previews(venues, sources.clock, Slots(settings.max_previews))


def _access(settings: ApiSettings, clock: Callable[[], datetime], store: Store) -> Access:
    prefix = settings.topic_prefix
    rates = Rates(store, settings.orders_per_second, settings.reads_per_second, prefix)
    return Access(
        bearers=_judge(settings, clock),
        rates=rates,
        crowd=Crowd(store, settings.sockets_at_once, clock, prefix),
        clock=clock,
        origins=_origins(settings),
    )


def _origins(settings: ApiSettings) -> Origins:
    return Origins(frozenset(settings.origins), settings.auth != "none", settings.host)


def _judge(settings: ApiSettings, clock: Callable[[], datetime]) -> Judge | None:
    if settings.auth == "none":
        return None
    from api import bearers, key_ring  # noqa: PLC0415  (cryptography is slow to load)

    return bearers.Bearers(settings, key_ring.key_ring(settings), clock)


@asynccontextmanager
async def connect(settings: ApiSettings) -> AsyncIterator[Neighbours]:
    """Connect to Kafka and PostgreSQL; either may be away and come later."""
    topics, partitions = Topics(settings.topic_prefix), settings.partitions
    topic = topics.events
    patience = settings.append_patience
    ends = EndOffsets(settings.kafka, topic, partitions)
    database = Database(settings.database_url, settings.read_connections)

    def follow(
        listener: Listener, known: asyncio.Event, silence: Silence
    ) -> Coroutine[None, None, None]:
        return follow_market(
            *(settings.kafka, topics, listener, PRICES_SINCE), known=known, silence=silence
        )

    async with (
        open_store(settings.rate_limit_store) as store,
        open_appender(settings.kafka, patience, crash_points(settings)) as appender,
    ):
        await database.open()
        try:
            log = KafkaLog(appender, ends, topic, partitions, patience)
            yield Neighbours(log, Queries(database, partitions), store, follow)
        finally:
            await asyncio.gather(ends.close(), database.close())


def parts_of(connection: HTTPConnection) -> Parts:
    """Return the parts of the application that serves this connection."""
    parts: Parts = connection.app.state.parts
    return parts


async def _parts(connection: HTTPConnection) -> Parts:
    return parts_of(connection)


PartsOf = Annotated[Parts, Depends(_parts)]
