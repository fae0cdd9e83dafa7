"""How fast a client reads the whole feed over HTTP, beside the bare query of the same rows.

`python -m bench.feed [EVENTS]`: an engine of its own, gone at its end.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from bench.engine import Engine, wait_for
from bench.histories import append, executed
from orders.topics import Topics

EVENTS = 300_000
PATIENCE_S = 600
ROUNDS = 3
LINES = {"Accept": "application/x-ndjson"}
SCHEMA = "select set_config('search_path', schema_name, false) from public.projection_pointer"
HEAD = "select coalesce(max(seq), 0) from order_events"
BARE = """
select seq, order_id, version, type, superseded, occurred_at, appended_at, data::text
from order_events where seq > %s and seq <= %s order by seq
"""
WINDOW = 2_000
RECORD = b'{"seq":'


def main() -> None:
    """Measure, and print a line for each figure: the best of some rounds, and the worst."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as folder:
        # PostgreSQL runs as another user when root starts it.
        Path(folder).chmod(0o755)
        engine = Engine(Path(folder) / "engine")
        try:
            engine.start()
            _fill(engine, count)
            tables, url = engine.described.database_url, engine.described.url
            _tell("the bare query of the rows", count, lambda: _query(tables))
            _tell("GET /api/events as lines", count, lambda: _read(url, LINES))
            _tell("GET /api/events as server-sent events", count, lambda: _read(url, {}))
        finally:
            engine.stop()


def _tell(what: str, count: int, work: Callable[[], int]) -> None:
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        seen = work()
        if seen < count:
            raise SystemExit(f"{what}: {seen:,} of {count:,}")
        rates.append(seen / (time.perf_counter() - began))
    print(f"{what:<40}{max(rates):>9,.0f} events/s (worst {min(rates):,.0f})")


def _fill(engine: Engine, count: int) -> None:
    told = engine.described
    topic = Topics(told.topic_prefix).events
    asyncio.run(append(told.kafka, topic, told.partitions, executed(count)))
    with psycopg.connect(told.database_url, autocommit=True) as connection:
        connection.execute(SCHEMA)

        def read() -> bool:
            row = connection.execute(HEAD).fetchone()
            return row is not None and row[0] >= count

        wait_for(read, PATIENCE_S, "the projection is there")


def _query(url: str) -> int:
    seen = 0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA)
        while rows := connection.execute(BARE, (seen, seen + WINDOW)).fetchall():
            seen += len(rows)
    return seen


def _read(url: str, headers: dict[str, str]) -> int:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    connection.request("GET", "/api/events", headers=headers)
    answer, seen, rest = connection.getresponse(), 0, b""
    while piece := answer.read1(1 << 20):
        # What is cut in two is counted with what follows it.
        piece = rest + piece
        seen += piece.count(RECORD)
        rest = piece[1 - len(RECORD) :]
    connection.close()
    return seen


if __name__ == "__main__":
    main()
