"""The short form: what each part takes of the CPU beside the least that its work takes.

CPU beside CPU, the best of some rounds, on one engine: that moves little on a machine that is
slower or that others use too. `make test` holds limits against it.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.apart import Served, apart, serving
from bench.baselines.consume import consume
from bench.baselines.relay import relay
from bench.clocks import Processes, cpu_seconds
from bench.engine import Engine, wait_for
from bench.hammer import hammer
from bench.projections import project
from bench.suite.load import accepted, singles
from bench.suite.row import AT_ONCE
from bench.suite.workers import finish
from bench.supervised import held, supervised
from local.postgres import create_databases
from local.servers import beside
from local.topics import Layout, create_topics
from orders.topics import Topics

ROUNDS = 3
BACKLOG, REQUESTS = 1_500, 1_500
RELAY = Topics("relay.")
QUIET_S, PATIENCE_S = 1, 120


@dataclass(frozen=True, slots=True)
class Ratio:
    """The CPU microseconds of one piece of work, and of the least that it takes."""

    work: float
    least: float

    @property
    def value(self) -> float:
        """Return how many times the least it takes."""
        return self.work / self.least


@contextmanager
def idle_engine() -> Iterator[Engine]:
    """Run an engine whose projector is down, so that only what is measured works."""
    with supervised(*AT_ONCE.options) as engine, held(engine, "projector"):
        finish(engine, BACKLOG)
        yield engine


def worker(engine: Engine) -> Ratio:
    """Return what an order of a backlog takes, beside reading and appending its events."""
    told = engine.described
    asyncio.run(create_topics(told.kafka, RELAY, Layout(told.partitions)))

    def relayed() -> float:
        done = apart(relay, told.kafka, RELAY.events, told.partitions, BACKLOG)
        return done.cpu_seconds / BACKLOG * 1e6

    return _least([Ratio(finish(engine, BACKLOG)["cpu"], relayed()) for _ in range(ROUNDS)])


def projector(engine: Engine) -> Ratio:
    """Return what an event takes in new tables, beside reading and decoding it."""
    told, log = engine.described, Topics(engine.described.topic_prefix).events
    count = _at_rest(engine, log)

    def folded(number: int) -> float:
        tables = f"again_{number}"
        create_databases(beside(told.database_url, "postgres"), [tables])
        with tempfile.TemporaryDirectory() as name:
            url = beside(told.database_url, tables)
            return project(told.kafka, url, Path(name), count).cpu_seconds / count * 1e6

    def read() -> float:
        done = apart(consume, told.kafka, log, told.partitions, count)
        return done.cpu_seconds / count * 1e6

    return _least([Ratio(folded(number), read()) for number in range(ROUNDS)])


def api(engine: Engine) -> Ratio:
    """Return what a placement takes, beside a route that takes the same and appends nothing."""
    [pid] = {process.pid for process in Processes(engine).of("api")}
    ours = Served(engine.described.url, pid)
    with serving("bench.baselines.noop_route:app") as noop:
        for served in (ours, noop):
            _placed(served)
        return _least([Ratio(_placed(ours), _placed(noop)) for _ in range(ROUNDS)])


def _least(rounds: Sequence[Ratio]) -> Ratio:
    return min(rounds, key=lambda ratio: ratio.value)


def _placed(served: Served) -> float:
    process = psutil.Process(served.pid)
    before = cpu_seconds(process)
    accepted(hammer(singles(served.url).model_copy(update={"count": REQUESTS})))
    return (cpu_seconds(process) - before) / REQUESTS * 1e6


def _at_rest(engine: Engine, log: str) -> int:
    """Return how many records the log has once no worker appends to it any more."""
    ends = [asyncio.run(_end(engine, log))]

    def stands_still() -> bool:
        time.sleep(QUIET_S)
        ends.append(asyncio.run(_end(engine, log)))
        return ends[-1] == ends[-2]

    wait_for(stands_still, PATIENCE_S, "the workers have done what was placed")
    return ends[-1]


async def _end(engine: Engine, log: str) -> int:
    told = engine.described
    async with AIOKafkaConsumer(bootstrap_servers=told.kafka) as consumer:
        places = [TopicPartition(log, number) for number in range(told.partitions)]
        return sum((await consumer.end_offsets(places)).values())
