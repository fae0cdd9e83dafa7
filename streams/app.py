"""The Faust shell of the stream worker: one agent that hands each record to its partition."""

from datetime import UTC, datetime

import faust
from faust.types import TP

from orders.admission import Record
from orders.topics import Topics
from streams.assignments import Assignments
from streams.faults import stop_on_error
from streams.settings import StreamSettings


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
        broker_max_poll_records=1_000,
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


def advance_orders(app: faust.App, settings: StreamSettings, assignments: Assignments) -> None:
    """Register the agent of the log and what happens when partitions come and go."""
    topic = Topics(settings.topic_prefix).events

    @app.agent(app.topic(topic, value_type=bytes), concurrency=1)
    async def advance(stream: faust.StreamT[bytes]) -> None:
        async for event in stream.events():
            async with stop_on_error(app.crash):
                assignments.read(record_of(event))

    @app.on_partitions_assigned.connect(weak=False)
    async def assigned(_app: faust.App, partitions: set[TP], **_: object) -> None:
        async with stop_on_error(app.crash):
            await assignments.assign(
                place.partition for place in partitions if place.topic == topic
            )
