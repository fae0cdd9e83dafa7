"""Row: how fast stream workers finish a backlog of placements, beside an agent that does nothing.

The projector is held down and the workers stand still while the backlog is appended: what is
measured is the worker, the broker and the ledger of the simulated chain.
"""

import asyncio
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.apart import apart
from bench.baselines.noop_agent import take_all
from bench.baselines.produce import in_bulk
from bench.baselines.relay import relay
from bench.clocks import Processes, since
from bench.engine import Engine, NotInTime
from bench.histories import append, placements
from bench.suite.figures import Beside, Figure, Target
from bench.suite.row import AT_ONCE, Bench, columns
from bench.supervised import held, supervised
from local.topics import Layout, create_topics
from orders.events import AnyOrderEvent
from orders.topics import Topics
from orders.wire import encode

ORDERS, WARM_UP = 20_000, 4_000
RECORDS = 60_000
EVENTS_EACH = 3
"""Placed, routed, executed: an agent that does nothing takes as many for an order."""
PATIENCE_S = 180
LOOK_EVERY_S = 0.02
LEAST = 5_000
WORKERS = ("worker",)
NOOP_TOPICS, RELAY_TOPICS = Topics("noop."), Topics("relay.")
AGENT = f"a Faust agent that does nothing, {EVENTS_EACH} events an order"
RELAY = "a plain client that reads, decodes, encodes and appends the same"
PER_SECOND, MICROSECONDS = "orders/s", "µs CPU an order"

Round = dict[str, float]


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield what one worker does alone, and what two and four do."""
    rounds: dict[int, list[Round]] = {}
    bare: dict[str, list[Round]] = {}
    for workers in (1, 2, 4):
        with supervised(*AT_ONCE.options, f"--workers={workers}") as engine:
            with held(engine, "projector"):
                finish(engine, bench.scaled(WARM_UP))
                rounds[workers] = [finish(engine, bench.scaled(ORDERS)) for _ in bench.each]
            if workers == 1:
                bare = {AGENT: _noop(engine, bench), RELAY: _relay(engine, bench)}
    yield from _alone(rounds[1], bare, bench)
    one = Beside(name="one worker", values=columns(rounds[1], "rate"), unit=PER_SECOND)
    for workers in (2, 4):
        yield Figure(
            name=f"{workers} stream workers",
            values=columns(rounds[workers], "rate"),
            unit=PER_SECOND,
            load=_load(bench),
            beside=(one,),
        )
        yield Figure(
            name=f"{workers} stream workers, CPU of them all",
            values=columns(rounds[workers], "cpu"),
            unit=MICROSECONDS,
            load=_load(bench),
        )


def _alone(
    rounds: Sequence[Round], bare: Mapping[str, Sequence[Round]], bench: Bench
) -> Iterator[Figure]:
    for name, column, unit, target in (
        ("one stream worker alone", "rate", PER_SECOND, Target(at_least=LEAST)),
        ("one stream worker alone, CPU", "cpu", MICROSECONDS, None),
    ):
        yield Figure(
            name=name,
            values=columns(rounds, column),
            unit=unit,
            load=_load(bench),
            beside=tuple(
                Beside(name=what, values=columns(found, column), unit=unit)
                for what, found in bare.items()
            ),
            target=target,
        )


def _load(bench: Bench) -> str:
    return f"a backlog of {bench.scaled(ORDERS):,} orders in the log, no projector, no HTTP"


def finish(engine: Engine, count: int) -> Round:
    """Return orders a second, and CPU an order, of the workers on a backlog of so many."""
    return asyncio.run(_finished(engine, list(placements(count))))


async def _finished(engine: Engine, backlog: Sequence[AnyOrderEvent]) -> Round:
    told, processes = engine.described, Processes(engine)
    topic = Topics(told.topic_prefix).events
    async with AIOKafkaConsumer(bootstrap_servers=told.kafka) as log:
        places = [TopicPartition(topic, number) for number in range(told.partitions)]
        with _standing_still(processes):
            await append(told.kafka, topic, told.partitions, backlog)
            end = await _end(log, places) + (EVENTS_EACH - 1) * len(backlog)
        before, began = processes.cpu_seconds(WORKERS), time.perf_counter()
        while await _end(log, places) < end:
            if time.perf_counter() - began > PATIENCE_S:
                raise NotInTime(f"{len(backlog):,} orders do not end")
            await asyncio.sleep(LOOK_EVERY_S)
        took = time.perf_counter() - began
    cpu = since(before, processes.cpu_seconds(WORKERS))["worker"]
    return _an_order(took, cpu, len(backlog))


async def _end(log: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> int:
    return sum((await log.end_offsets(places)).values())


@contextmanager
def _standing_still(processes: Processes) -> Iterator[None]:
    workers = processes.of("worker")
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGCONT)


def _noop(engine: Engine, bench: Bench) -> list[Round]:
    told, count = engine.described, bench.scaled(RECORDS)
    asyncio.run(create_topics(told.kafka, NOOP_TOPICS, Layout(told.partitions)))
    [placed] = placements(1)
    apart(in_bulk, told.kafka, NOOP_TOPICS.events, encode(placed), count)
    found = [apart(take_all, told.kafka, NOOP_TOPICS.events, count) for _ in bench.each]
    return [_an_order(one.seconds, one.cpu_seconds, count / EVENTS_EACH) for one in found]


def _relay(engine: Engine, bench: Bench) -> list[Round]:
    told, count = engine.described, bench.scaled(ORDERS)
    asyncio.run(create_topics(told.kafka, RELAY_TOPICS, Layout(told.partitions)))
    found = [
        apart(relay, told.kafka, RELAY_TOPICS.events, told.partitions, count) for _ in bench.each
    ]
    return [_an_order(one.seconds, one.cpu_seconds, count) for one in found]


def _an_order(seconds: float, cpu: float, orders: float) -> Round:
    return {"rate": orders / seconds, "cpu": cpu / orders * 1e6}
