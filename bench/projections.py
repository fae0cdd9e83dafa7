"""How fast the projector folds a log that is there, and a rebuild; beside COPY of the same rows.

`python -m bench.projections [EVENTS]`: with a Kafka and a PostgreSQL of its own, gone at its end.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from bench.histories import append, executed
from local import jars
from local.kafka import Kafka
from local.plan import OUR_CODE
from local.ports import free_ports
from local.postgres import Postgres, create_databases
from local.program import Program, launch, stop
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


def main() -> None:
    """Measure, and print a line for each figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        # PostgreSQL runs as another user when root starts it.
        Path(folder).chmod(0o755)
        first, second, third = free_ports(3)
        kafka = Kafka(Path(folder) / "kafka", first, second, jars.fetch())
        postgres = Postgres(Path(folder) / "postgres", third)
        for server in (kafka, postgres):
            server.prepare()
            running.enter_context(_running(server.program(server.directory / "log")))
        create_databases(postgres.url("postgres"), ["copy", "engine"])
        events = list(executed(count))
        asyncio.run(_fill(kafka.address, events))
        _measure(kafka.address, postgres, events, Path(folder))


def _measure(kafka: str, postgres: Postgres, events: Sequence[AnyOrderEvent], folder: Path) -> None:
    rows = [_row(number, event) for number, event in enumerate(events, 1)]
    copied = _timed(lambda: _copy(postgres.url("copy"), rows))
    print(f"COPY into order_events alone     {len(rows) / copied:>9,.0f} events/s")
    tables = postgres.url("engine")
    schema.create(tables, PARTITIONS)
    with _running(_projector(kafka, tables, folder)):
        projected = _timed(lambda: _wait_for(tables, len(events)))
    print(f"projector                        {len(rows) / projected:>9,.0f} events/s")
    rebuilt = _timed(lambda: _rebuild(kafka, tables))
    print(f"rebuild                          {len(rows) / rebuilt:>9,.0f} events/s")


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _copy(url: str, rows: Sequence[EventRow]) -> None:
    schema.create(url, PARTITIONS)
    with psycopg.connect(url) as connection:
        for first in range(0, len(rows), BATCH):
            with connection.cursor() as cursor:
                with cursor.copy("copy projection_1.order_events from stdin") as copy:
                    for row in rows[first : first + BATCH]:
                        copy.write_row(row)
                connection.commit()


def _rebuild(kafka: str, url: str) -> None:
    place = ("--kafka", kafka, "--database-url", url)
    command = (sys.executable, "-P", "-m", "cli.main", "projection", "rebuild", *place)
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": _path()})


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


@contextmanager
def _running(program: Program) -> Iterator[None]:
    process = launch(program)
    try:
        deadline = time.monotonic() + PATIENCE
        while not program.ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(program.log_file.read_text()[-2000:])
            time.sleep(0.01)
        yield
    finally:
        stop(process, program, PATIENCE)


def _wait_for(url: str, head: int) -> None:
    deadline = time.monotonic() + PATIENCE
    with psycopg.connect(url, autocommit=True) as connection:
        question = "select coalesce(max(seq), 0) from projection_1.order_events"
        while connection.execute(question).fetchone() != (head,):
            if time.monotonic() > deadline:
                raise RuntimeError("the projector does not get on")
            time.sleep(0.01)


async def _fill(kafka: str, events: Sequence[AnyOrderEvent]) -> None:
    await create_topics(kafka, TOPICS, Layout(PARTITIONS))
    await append(kafka, TOPICS.events, PARTITIONS, events)


def _row(seq: int, event: AnyOrderEvent) -> EventRow:
    partition = partition_of(event.order_id, PARTITIONS)
    now = event.occurred_at
    record = Record(partition, seq, event.order_id.encode(), encode(event), now)
    return event_row(seq, record, event, superseded=False)


if __name__ == "__main__":
    main()
