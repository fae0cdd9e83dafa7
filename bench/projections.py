"""How fast the projector folds a log that is there, and a rebuild; beside COPY of the same rows.

`python -m bench.projections [EVENTS]`: with a Kafka and a PostgreSQL of its own, gone at its end.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from bench.clocks import cpu_seconds, megabytes
from bench.histories import append, executed
from bench.servers import own_kafka, own_postgres, running
from local.plan import OUR_CODE
from local.postgres import Postgres, create_databases
from local.program import Program
from local.topics import Layout, create_topics
from orders.admission import Record
from orders.events import AnyOrderEvent
from orders.topics import Topics, partition_of
from orders.wire import encode
from projections import schema
from projections.history import EventRow, event_row

PARTITIONS = 8
TOPICS = Topics()
BATCH = 5_000
PATIENCE = 600
LOOK_EVERY_S = 0.2


def main() -> None:
    """Measure, and print a line for each figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as name, servers(Path(name)) as (kafka, postgres):
        create_databases(postgres.url("postgres"), ["copy", "engine"])
        events = list(executed(count))
        asyncio.run(append(kafka, TOPICS.events, PARTITIONS, events))
        tables = postgres.url("engine")
        told = {
            "COPY into order_events alone": copy(postgres.url("copy"), event_rows(events)),
            "projector": project(kafka, tables, Path(name), count).seconds,
            "rebuild": rebuild(kafka, tables).seconds,
        }
    for what, seconds in told.items():
        print(f"{what:<32} {count / seconds:>9,.0f} events/s")


@dataclass(frozen=True, slots=True)
class Run:
    """How long a process and those it started worked, their CPU time, and their most memory."""

    seconds: float
    cpu_seconds: float
    megabytes: float


@contextmanager
def servers(folder: Path) -> Iterator[tuple[str, Postgres]]:
    """Run a Kafka with empty topics, and a PostgreSQL, until the block ends."""
    # PostgreSQL runs as another user when root starts it.
    folder.chmod(0o755)
    with own_kafka(folder / "kafka") as kafka, own_postgres(folder / "postgres") as postgres:
        asyncio.run(create_topics(kafka, TOPICS, Layout(PARTITIONS)))
        yield kafka, postgres


def copy(url: str, rows: Sequence[EventRow]) -> float:
    """Return the seconds it takes to copy the rows into new tables, and nothing else."""
    schema.create(url, PARTITIONS)
    began = time.perf_counter()
    with psycopg.connect(url) as connection:
        for first in range(0, len(rows), BATCH):
            with connection.cursor() as cursor:
                with cursor.copy("copy projection_1.order_events from stdin") as copying:
                    for row in rows[first : first + BATCH]:
                        copying.write_row(row)
                connection.commit()
    return time.perf_counter() - began


def project(kafka: str, url: str, folder: Path, count: int) -> Run:
    """Let a projector fill new tables with the whole log, of so many events."""
    schema.create(url, PARTITIONS)
    with running(_projector(kafka, url, folder)) as process:
        projector = psutil.Process(process.pid)
        began, before = time.perf_counter(), _cpu_seconds(projector)
        most = _wait_for(url, count, projector)
        seconds = time.perf_counter() - began
        return Run(seconds, _cpu_seconds(projector) - before, most)


def rebuild(kafka: str, url: str) -> Run:
    """Rebuild the tables by the command, from its start to its end."""
    place = ("--kafka", kafka, "--database-url", url)
    command = (sys.executable, "-P", "-m", "cli.main", "projection", "rebuild", *place)
    began, most, cpu = time.perf_counter(), 0.0, 0.0
    environment = {**os.environ, "PYTHONPATH": _path()}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        process_seen = psutil.Process(process.pid)
        while process.poll() is None:
            if time.perf_counter() - began > PATIENCE:
                process.kill()
            most = max(most, megabytes(_family(process_seen)))
            cpu = max(cpu, _cpu_seconds(process_seen))
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_EVERY_S)
    if process.returncode != 0:
        raise RuntimeError(f"the rebuild ended with {process.returncode}")
    return Run(time.perf_counter() - began, cpu, most)


def event_rows(events: Sequence[AnyOrderEvent]) -> list[EventRow]:
    """Return the rows that the projector writes of these events into the history."""
    return [_row(number, event) for number, event in enumerate(events, 1)]


def _path() -> str:
    return os.pathsep.join((OUR_CODE, os.environ.get("PYTHONPATH", "")))


def _projector(kafka: str, url: str, folder: Path) -> Program:
    ready = folder / "projector.ready"
    return Program(
        name="projector",
        command=(sys.executable, "-P", "-m", "projections"),
        ready=ready.exists,
        log_file=folder / "projector.log",
        environment={
            "ENGINE_KAFKA": kafka,
            "ENGINE_DATABASE_URL": url,
            "ENGINE_READY_FILE": str(ready),
            "PYTHONPATH": _path(),
        },
    )


def _wait_for(url: str, head: int, projector: psutil.Process) -> float:
    deadline, most, looked_at = time.monotonic() + PATIENCE, 0.0, 0.0
    with psycopg.connect(url, autocommit=True) as connection:
        question = "select coalesce(max(seq), 0) >= %s from projection_1.order_events"
        while connection.execute(question, (head,)).fetchone() != (True,):
            if time.monotonic() > deadline:
                raise RuntimeError("the projector does not get on")
            if time.monotonic() - looked_at > LOOK_EVERY_S:
                most, looked_at = max(most, megabytes(_family(projector))), time.monotonic()
            time.sleep(0.01)
    return most


def _family(process: psutil.Process) -> Sequence[psutil.Process]:
    try:
        return [process, *process.children()]
    except psutil.NoSuchProcess:
        return []


def _cpu_seconds(process: psutil.Process) -> float:
    return sum(map(cpu_seconds, _family(process)))


def _row(seq: int, event: AnyOrderEvent) -> EventRow:
    partition = partition_of(event.order_id, PARTITIONS)
    now = event.occurred_at
    record = Record(partition, seq, event.order_id.encode(), encode(event), now)
    return event_row(seq, record, event, superseded=False)


if __name__ == "__main__":
    main()
