"""One worker with far more orders than its venues can take, and a restart in the midst of many.

`python -m bench.overload`: an engine of its own, gone at the end; orders come through the log.
First 10,000 orders are in flight on a slow venue and 100,000 are parked: the worker's memory, until
all have ended. Then 10,000 are in flight when the whole engine is stopped and started again.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psutil
import psycopg
import typer

from bench.engine import Engine, wait_for
from bench.histories import append, placements
from orders.topics import Topics

SLOW = {"ENGINE_EXECUTE_LATENCY_MS": "30000"}
SHIPPED: dict[str, str] = {}
PATIENCE_S = 1_200
LOOK_EVERY_S = 0.5
MEGABYTE = 1_000_000
MEMORY_LIMIT = 400 * MEGABYTE
RESTART_LIMIT_S = 20

_SCHEMA = "select set_config('search_path', schema_name, false) from public.projection_pointer"
_COUNTS = "select key, n from order_counts where scope = 'status'"
_CHANGED = "select count(*) from orders where updated_at > %s"
_FINAL = ("completed", "failed")


def main(
    in_flight: Annotated[int, typer.Option(help="The worker's bound.")] = 10_000,
    parked: Annotated[int, typer.Option(help="How many more wait for a slot.")] = 100_000,
) -> None:
    """Measure, and print a line for each figure."""
    bound = {"ENGINE_MAX_REACTIONS": str(in_flight)}
    with tempfile.TemporaryDirectory() as folder:
        # PostgreSQL runs as another user when root starts it.
        Path(folder).chmod(0o755)
        place = Path(folder) / "engine"
        with _running(place, {**bound, **SLOW}) as engine:
            _overload(engine, in_flight + parked)
            _place(engine, in_flight)
            wait_for(
                lambda: _executing(engine) >= in_flight * 0.98, PATIENCE_S, "all are in flight"
            )
            print(f"in flight when everything is stopped  {_executing(engine):>8,}")
        began, since = time.monotonic(), datetime.now(UTC)
        with _running(place, {**bound, **SHIPPED}) as engine:
            ready = time.monotonic() - began
            wait_for(lambda: _all_ended(engine), PATIENCE_S, "all have ended")
            print(f"start of the whole engine             {ready:>8.1f} s")
            took = time.monotonic() - began
            print(f"from the start until all had ended    {took:>8.1f} s")
            print(f"which were after the start            {_changed(engine, since):>8,}")
            if took >= RESTART_LIMIT_S:
                raise SystemExit(f"the restart takes {RESTART_LIMIT_S} s and more")


def _overload(engine: Engine, count: int) -> None:
    worker = psutil.Process(engine.ready_pid("worker-1", 60))
    at_rest, most = worker.memory_info().rss, 0
    print(f"worker at rest                        {at_rest / MEGABYTE:>8.0f} MB")
    began = time.monotonic()
    _place(engine, count)
    while (ended := _ended(engine)) < count:
        if time.monotonic() - began > PATIENCE_S:
            raise TimeoutError(f"{ended:,} of {count:,} ended")
        most = max(most, worker.memory_info().rss)
        time.sleep(LOOK_EVERY_S)
    print(f"worker with {count:>7,} orders, at most    {most / MEGABYTE:>8.0f} MB")
    if most >= MEMORY_LIMIT:
        raise SystemExit(f"the worker needs {MEMORY_LIMIT / MEGABYTE:.0f} MB and more")
    print(f"all ended after                       {time.monotonic() - began:>8.0f} s")


def _place(engine: Engine, count: int) -> None:
    told = engine.described
    topic = Topics(told.topic_prefix).events
    asyncio.run(append(told.kafka, topic, told.partitions, placements(count)))


def _executing(engine: Engine) -> int:
    return _counts(engine).get("executing", 0)


def _ended(engine: Engine) -> int:
    counts = _counts(engine)
    return sum(counts.get(status, 0) for status in _FINAL)


def _all_ended(engine: Engine) -> bool:
    counts = _counts(engine)
    return counts.keys() != set() and not any(counts[one] for one in counts.keys() - set(_FINAL))


def _changed(engine: Engine, since: datetime) -> int:
    with psycopg.connect(engine.described.database_url, autocommit=True) as connection:
        connection.execute(_SCHEMA)
        [row] = connection.execute(_CHANGED, [since]).fetchall()
        return int(row[0])


def _counts(engine: Engine) -> dict[str, int]:
    with psycopg.connect(engine.described.database_url, autocommit=True) as connection:
        connection.execute(_SCHEMA)
        return dict(connection.execute(_COUNTS).fetchall())


@contextmanager
def _running(data_dir: Path, environment: Mapping[str, str]) -> Iterator[Engine]:
    engine = Engine(data_dir, environment=environment)
    try:
        engine.start()
        yield engine
    finally:
        engine.stop()


if __name__ == "__main__":
    typer.run(main)
