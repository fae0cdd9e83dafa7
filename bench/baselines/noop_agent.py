"""A Faust agent, of Faust as it comes, that takes each record of a topic and does nothing."""

import asyncio
import tempfile
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass

import faust
import uvloop

from streams.app import create_app
from streams.settings import StreamSettings

PATIENCE_S = 120
STOP_S = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """How long it took from the first record to the last, and the CPU of the whole process."""

    records: int
    seconds: float
    cpu_seconds: float


def take_all(kafka: str, topic: str, count: int) -> Taken:
    """Take so many records, all that the topic has, by a consumer group of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = StreamSettings(kafka=kafka)
        app = create_app(settings, f"noop-{uuid.uuid4().hex}", scratch)
        return uvloop.run(_take_all(app, topic, count))


async def _take_all(app: faust.App, topic: str, count: int) -> Taken:
    all_taken, began = asyncio.Event(), (0.0, 0.0)

    @app.agent(app.topic(topic, value_type=bytes), concurrency=1)
    async def take(stream: faust.StreamT[bytes]) -> None:
        nonlocal began
        taken = 0
        async for _event in stream.events():
            if not taken:
                began = (time.perf_counter(), time.process_time())
            taken += 1
            if taken == count:
                all_taken.set()

    app.finalize()
    await app.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await all_taken.wait()
        now = (time.perf_counter(), time.process_time())
        return Taken(count, now[0] - began[0], now[1] - began[1])
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await app.stop()
