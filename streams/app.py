"""The Faust shell of the stream worker: one agent that hands each record to its partition."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import faust
from faust.types import TP

from orders.admission import Record
from orders.topics import Topics
from runtime.records import moment_of
from streams.assignments import Assignments
from streams.bundles import bundle_of, read_in_bundles
from streams.faults import stop_on_error
from streams.settings import StreamSettings

_FOLDED_AT_ONCE = 100
"""So many records are folded in one turn of the event loop: then the others have theirs."""


def create_app(settings: StreamSettings, name: str, scratch: str) -> faust.App:
    """Return a Faust app with the settings that matter here; `name` is its consumer group.

    No tables, no leader election, no web server; its committed offsets are only a hint where to go
    on reading. Faust wants a folder all the same: `scratch` may go when the process ends.
    """
    return faust.App(
        f"{settings.topic_prefix}{name}",
        broker=[f"kafka://{server}" for server in settings.kafka.split(",")],
        value_serializer="raw",
        key_serializer="raw",
        store="memory://",
        datadir=scratch,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        broker_session_timeout=settings.session_timeout_ms / 1000,
        broker_heartbeat_interval=settings.session_timeout_ms / 10_000,
        broker_commit_interval=1.0,
        broker_max_poll_records=250,
        stream_buffer_maxsize=16_384,
        stream_wait_empty=False,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.group_instance_id,
        logging_config=None,
    )


def record_of(event: faust.EventT[bytes]) -> Record:
    """Return a Faust event as the record the broker keeps."""
    message = event.message
    appended_at = datetime.fromtimestamp(message.timestamp, UTC)
    return Record(message.partition, message.offset, message.key, message.value, appended_at)


def records_of(event: faust.EventT[Any]) -> Iterator[Record]:
    """Yield the records of a Faust event that is a bundle, as the broker keeps them."""
    for one in bundle_of(event):
        yield Record(one.partition, one.offset, one.key, one.value, moment_of(one.timestamp))


def advance_orders(app: faust.App, settings: StreamSettings, assignments: Assignments) -> None:
    """Register the agent of the log and what happens when partitions come and go."""
    topic = Topics(settings.topic_prefix).events
    if settings.bundled_reads:
        read_in_bundles(app)

    async def read(event: faust.EventT[Any]) -> None:
        async with stop_on_error(app.crash):
            records = records_of(event) if settings.bundled_reads else (record_of(event),)
            for number, record in enumerate(records, 1):
                assignments.read(record)
                if number % _FOLDED_AT_ONCE == 0:
                    await asyncio.sleep(0)

    @app.agent(app.topic(topic), concurrency=1)
    async def advance(stream: faust.StreamT[bytes]) -> None:
        async for event in stream.events():
            await read(event)

    @app.on_partitions_assigned.connect(weak=False)
    async def assigned(_app: faust.App, partitions: set[TP], **_: object) -> None:
        async with stop_on_error(app.crash):
            await assignments.assign(
                place.partition for place in partitions if place.topic == topic
            )
