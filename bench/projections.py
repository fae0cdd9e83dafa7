"""How fast the projector folds a log that is there, and a rebuild; beside COPY of the same rows.

`python -m bench.projections [EVENTS]`: with a Kafka and a PostgreSQL of its own, gone at its end.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from aiokafka import AIOKafkaProducer
from pydantic import TypeAdapter

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


Document = dict[str, object]
EVENT: TypeAdapter[AnyOrderEvent] = TypeAdapter(AnyOrderEvent)
AMOUNT, PRICE = "10.000000001", "150.123456789"
TERMS = {"token_in": "SOL", "token_out": "USDC", "amount": AMOUNT, "slippage": "0.01"}
LATE = "9999-01-01T00:00Z"
PLACED: Document = {"type": "OrderPlaced", "user_id": "ann", "terms": TERMS, "not_after": LATE}
QUOTE = {"amount_out": "1501.23456789", "price": PRICE, "fee": "0.025", "price_impact": "0.001"}
QUOTES = [{**QUOTE, "venue": venue, "quoted_at": "2026-01-01T00:00Z"} for venue in ("A1", "B1")]
ATTEMPT = {"attempt": 1, "venue": "A1"}
ROUTED: Document = {**ATTEMPT, "type": "OrderRouted", "min_amount_out": "1486", "quotes": QUOTES}
PAID = {"executed_price": PRICE, "amount_in": AMOUNT, "amount_out": "1501.23456789"}
FILL = {"tx_hash": "5" * 88, "slot": 7, "fee": "0.025", **PAID}
EXECUTED: Document = {"type": "OrderExecuted", **ATTEMPT, "fill": FILL}


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
        events = list(_events(count))
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
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": _path()})  # noqa: S603


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
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=5) as producer:
        for event in events:
            partition = partition_of(event.order_id, PARTITIONS)
            await producer.send(TOPICS.events, encode(event), event.order_id.encode(), partition)
        await producer.flush()


def _row(seq: int, event: AnyOrderEvent) -> EventRow:
    partition = partition_of(event.order_id, PARTITIONS)
    now = event.occurred_at
    record = Record(partition, seq, event.order_id.encode(), encode(event), now)
    return event_row(seq, record, event, superseded=False)


def _events(count: int) -> Iterator[AnyOrderEvent]:
    """Yield orders that were executed, the events of a thousand of them interleaved."""
    for _ in range(0, count, 3_000):
        lives = [list(_life(str(uuid.uuid4()))) for _ in range(1_000)]
        for step in range(3):
            yield from (life[step] for life in lives)


def _life(order_id: str) -> Iterator[AnyOrderEvent]:
    now = datetime.now(UTC).isoformat()
    common = {"order_id": order_id, "occurred_at": now, "correlation_id": order_id}
    common["actor"] = "bench"
    routed = {**ROUTED, "execution_id": f"{order_id}:1"}
    for version, event in enumerate((PLACED, routed, EXECUTED), 1):
        named = {"event_id": uuid.uuid4().hex, "version": version}
        yield EVENT.validate_python({**event, **common, **named})


if __name__ == "__main__":
    main()
