"""Row: how fast the projector folds a log that is there, and a rebuild; the log grows each round.

With a Kafka and a PostgreSQL of its own: no order is placed and none is executed.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.apart import apart
from bench.baselines.consume import consume
from bench.histories import append, executed
from bench.projections import PARTITIONS, TOPICS, copy, event_rows, project, rebuild, servers
from bench.suite.figures import Beside, Figure, Target
from bench.suite.row import Bench, columns
from local.postgres import Postgres, create_databases

EVENTS = 150_000
"""So many more each round."""
MANY = 3_000_000
MANY_S = 120
LEAST = 30_000
FLAT = 1.25
PER_SECOND = "events/s"

Round = dict[str, float]


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the rates of catch-up and rebuild, what an event costs, and the rebuild's memory."""
    count = bench.scaled(EVENTS) // 3_000 * 3_000
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as (kafka, postgres):
        rounds = [_round(kafka, postgres, Path(name), count, turn) for turn in bench.each]
    yield from _figures(rounds, f"{', '.join(_sizes(count, rounds))} events in the log")


def _round(kafka: str, postgres: Postgres, folder: Path, count: int, turn: int) -> Round:
    copied, tables = f"copy_{turn}", f"engine_{turn}"
    create_databases(postgres.url("postgres"), [copied, tables])
    events, size = list(executed(count)), count * (turn + 1)
    asyncio.run(append(kafka, TOPICS.events, PARTITIONS, events))
    copy_s = copy(postgres.url(copied), event_rows(events))
    read = apart(consume, kafka, TOPICS.events, PARTITIONS, size)
    caught_up = project(kafka, postgres.url(tables), folder, size)
    rebuilt = rebuild(kafka, postgres.url(tables))
    return {
        "copy": count / copy_s,
        "read": size / read.seconds,
        "project": size / caught_up.seconds,
        "cpu": caught_up.cpu_seconds * 1e6 / size,
        "rebuild": size / rebuilt.seconds,
        "rebuild MB": rebuilt.megabytes,
    }


def _sizes(count: int, rounds: Sequence[Round]) -> list[str]:
    return [f"{count * (turn + 1):,}" for turn in range(len(rounds))]


def _figures(rounds: Sequence[Round], load: str) -> Iterator[Figure]:
    beside = (
        Beside(name="raw consume and decode", values=columns(rounds, "read"), unit=PER_SECOND),
        Beside(name="COPY of the same rows", values=columns(rounds, "copy"), unit=PER_SECOND),
    )
    for name, column, least in (("catch-up", "project", LEAST), ("rebuild", "rebuild", None)):
        yield Figure(
            name=f"projection, {name}",
            values=columns(rounds, column),
            unit=PER_SECOND,
            load=load,
            beside=beside,
            target=Target(at_least=least) if least else None,
        )
    yield Figure(
        name="projector, CPU", values=columns(rounds, "cpu"), unit="µs an event", load=load
    )
    yield Figure(
        name=f"rebuild of {MANY:,} events at that rate",
        values=tuple(MANY / rate for rate in columns(rounds, "rebuild")),
        unit="s",
        load=load,
        target=Target(at_most=MANY_S),
    )
    memory = columns(rounds, "rebuild MB")
    yield Figure(
        name="rebuild, memory with the longest log",
        values=memory[-1:],
        unit="MB",
        load=load,
        beside=(Beside(name="with the shortest", values=memory[:1], unit="MB"),),
        target=Target(at_most=FLAT, share=True),
    )
