"""How long a page of a list takes at a million orders: filters alone and together, deep places.

`python -m bench.lists [ORDERS] [--plans]`: on a PostgreSQL of its own, gone at its end; exits with
1 when the 99th percentile of a list is beyond the limit.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from urllib.parse import parse_qsl

import psycopg

from api import list_sql
from api.database import Database
from api.list_filters import wanted_of
from api.list_queries import ALONG_AN_INDEX
from api.queries import Queries
from api.selection import Place, Wanted
from bench.list_rows import PARTITIONS, fill
from bench.servers import own_postgres
from local.postgres import create_databases
from projections import schema

ORDERS = 1_000_000
LIMIT_MS = 25.0
ROUNDS = 200
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
EVERY = timedelta(seconds=0.8)

ALONE = (
    *("", "sort=createdAt", "limit=500"),
    *("status=completed", "status=failed", "status=pending", "status=open", "status=final"),
    *("userId=maker", "userId={user}", "userId=nobody", "type=market"),
    *("pair=SOL/USDC", "pair=PYTH/BONK", "pair=SOL/NONE", "venue=METEORA", "venue=ORCA"),
    *("createdTo={day}", "createdFrom={day}&sort=createdAt", "createdFrom={day}"),
    *("clientOrderId=c-{number}", "clientOrderId=order-1", "tag=bot", "tag=desk-7", "tag=rare-7"),
)
TOGETHER = (
    "userId=maker&status=open",
    "userId=maker&status=failed",
    "userId=maker&status=failed&venue=ORCA",
    "userId={user}&status=completed",
    "userId={user}&tag=bot",
    "userId=maker&tag=rare-7",
    "userId={user}&clientOrderId=order-1",
    "status=open&pair=BONK/SOL",
    "status=final&tag=rare-7",
    "status=failed&tag=bot",
    "status=open&tag=bot",
    "status=pending&venue=ORCA",
    "status=failed&pair=PYTH/BONK",
    "status=failed,completed&venue=ORCA",
    "pair=PYTH/BONK&venue=ORCA&status=failed",
    "type=market&venue=NONE",
    "tag=bot&venue=NONE",
    "tag=bot&venue=NONE&sort=createdAt",
    "userId=maker&venue=NONE",
    "createdFrom={day}&createdTo={next}&venue=NONE",
    "createdFrom={day}&createdTo={next}&userId=fund&status=failed&limit=500",
)
DEEP = ("", "sort=createdAt", "status=final", "userId=maker", "tag=bot", "userId=maker&venue=ORCA")


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that is asked for: what in words, and in values."""

    wanted: Wanted
    limit: int
    place: Place | None


def main() -> None:
    """Measure, and print a line for each list."""
    parser = argparse.ArgumentParser(prog="bench.lists")
    parser.add_argument("orders", nargs="?", type=int, default=ORDERS)
    parser.add_argument("--plans", action="store_true", help="print how each list is read")
    options = parser.parse_args()
    with _tables(options.orders) as url:
        worst = asyncio.run(_measure(url, options.orders))
        if options.plans:
            _explain(url, options.orders)
    if worst > LIMIT_MS:
        raise SystemExit(f"a list takes {worst:.1f} ms, beyond the limit of {LIMIT_MS:.0f} ms")


def lists(orders: int) -> Iterator[tuple[str, Callable[[int], Asked]]]:
    """Yield each list and what asks for a page of it, each time with other values."""
    span = EVERY * orders
    for text in (*ALONE, *TOGETHER):
        yield text or "no filter", partial(_asked, text, span, None)
    for text in DEEP:
        place = Place(BEGIN + span / 2, "0" * 36)
        name = f"{text or 'no filter'}, from the middle on"
        yield name, partial(_asked, text, span, place)


def _asked(text: str, span: timedelta, place: Place | None, number: int) -> Asked:
    day = BEGIN + span * ((number * 37 % 100) / 100)
    values = {
        "user": f"user-{number * 7919 % 50_000}",
        "number": number * 104_729 % (span // EVERY),
        "day": f"{day:%Y-%m-%dT%H:%M:%SZ}",
        "next": f"{day + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
    }
    query = dict(parse_qsl(text.format(**values)))
    return Asked(wanted_of(query), int(query.get("limit", 50)), place)


async def _measure(url: str, orders: int) -> float:
    database, worst = Database(url, 1), 0.0
    await database.open()
    try:
        queries = Queries(database, PARTITIONS)
        print(f"{'list':<58}{'orders':>7}{'p50 ms':>9}{'p99 ms':>9}{'limit':>8}")
        for name, ask in lists(orders):
            took, found = [], 0
            for number in range(ROUNDS):
                asked = ask(number)
                began = time.perf_counter()
                page = await queries.page(asked.wanted, asked.limit, asked.place)
                took.append(1000 * (time.perf_counter() - began))
                found = max(found, len(page.orders))
            hundredths = quantiles(took, n=100)
            worst = max(worst, hundredths[98])
            told = f"{hundredths[49]:>9.2f}{hundredths[98]:>9.2f}{LIMIT_MS:>8.0f}"
            print(f"{name:<58}{found:>7}{told}", flush=True)
    finally:
        await database.close()
    return worst


def _explain(url: str, orders: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("set search_path to projection_1")
        connection.execute(ALONG_AN_INDEX.sql)
        for name, ask in lists(orders):
            asked = ask(1)
            for path in list_sql.paths(asked.wanted):
                values = list_sql.parameters(asked.wanted, asked.place, asked.limit)
                question = list_sql.page(asked.wanted, path, asked.place).as_string(connection)
                plan = connection.execute(f"explain (analyze, buffers) {question}", values)
                print(f"\n{name}, along {path}")
                print("\n".join(line for (line,) in plan.fetchall()))


@contextmanager
def _tables(orders: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        # PostgreSQL runs as another user when root starts it.
        Path(folder).chmod(0o755)
        with own_postgres(Path(folder) / "postgres") as postgres:
            create_databases(postgres.url("postgres"), ["engine"])
            url = postgres.url("engine")
            schema.create(url, PARTITIONS)
            fill(url, orders)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("vacuum analyze")
            yield url


if __name__ == "__main__":
    main()
