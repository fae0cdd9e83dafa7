"""Row: reads, and orders end to end, with few orders stored and with very many.

The stored orders are made by the database itself while the engine is idle; see `list_rows`. An
engine with few stands beside one with many, and they are asked by turns, each read to the one being
followed by the same to the other: what a machine takes for a read, or for an order, changes more
within seconds than anything here may.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from statistics import mean, quantiles
from typing import Any

import psycopg
from psycopg import sql

from api import list_sql
from api.list_filters import wanted_of
from api.order_queries import COLUMNS
from bench.caller import calling
from bench.engine import Engine
from bench.list_rows import fill
from bench.suite.end_to_end import completed
from bench.suite.figures import Beside, Figure, Target
from bench.suite.load import warm_up
from bench.suite.row import AT_ONCE, Bench, columns
from bench.supervised import rows, supervised, tables

FEW, MANY = 1_000, 1_000_000
READS = 2_000
ORDERS, TURNS = 12_000, 4
WARM_UP = 3_000
WARM_UP_READS = 20
PAGE = 50
GROWTH = 1.1
EMPTY = "truncate orders, order_labels, order_counts"
SOME = "select order_id from orders order by md5(order_id) limit 1000"
BY_ID = sql.SQL("select {} from orders where order_id = %(order_id)s").format(COLUMNS)
LISTS = {
    "GET by id": "",
    "GET a list, newest first": "",
    "GET a list of one status": "status=completed",
    "GET a list of one user": "userId=maker",
}
LIST_PATH = "/api/orders"

Round = dict[str, float]


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield each read and the whole way with few orders, and the same with very many beside it."""
    sizes = FEW, bench.scaled(MANY)
    found: dict[int, list[Round]] = {size: [] for size in sizes}
    with supervised(*AT_ONCE.options) as of_few:
        engines = dict(zip(sizes, (of_few, bench.engine), strict=True))
        for size, engine in engines.items():
            warm_up(engine, WARM_UP)
            _store(engine, size)
        for _ in bench.each:
            reads = _reads(engines, bench.scaled(READS))
            rates = _rates(engines, bench.scaled(ORDERS))
            for size in sizes:
                found[size].append({**reads[size], "rate": rates[size]})
    for size in sizes:
        yield from _of_reads(found, size)
    for size in sizes:
        yield _whole(found, size, bench)


def _of_reads(found: dict[int, list[Round]], size: int) -> Iterator[Figure]:
    for name in LISTS:
        for share in ("p50", "p99"):
            bare = Beside(
                name="the bare query",
                values=columns(found[size], f"{name} bare {share}"),
                unit="ms",
            )
            values = columns(found[size], f"{name} {share}")
            yield Figure(
                name=f"{name}, {size:,} stored, {share}",
                values=values,
                unit="ms",
                load=f"one connection, one request at a time, {PAGE} orders a page",
                beside=(*_few(found, size, f"{name} {share}", "ms"), bare),
                target=Target(at_most=GROWTH, share=True) if _grown(size, share) else None,
            )


def _grown(size: int, share: str) -> bool:
    return size > FEW and share == "p50"


def _whole(found: dict[int, list[Round]], size: int, bench: Bench) -> Figure:
    return Figure(
        name=f"end to end, {size:,} stored",
        values=columns(found[size], "rate"),
        unit="orders/s",
        load=f"{bench.scaled(ORDERS):,} orders a round in {TURNS} turns, venue latency 0",
        beside=_few(found, size, "rate", "orders/s"),
        target=Target(at_least=1 / GROWTH, share=True) if size > FEW else None,
    )


def _few(found: dict[int, list[Round]], size: int, column: str, unit: str) -> tuple[Beside, ...]:
    if size == FEW:
        return ()
    return (Beside(name=f"{FEW:,} stored", values=columns(found[FEW], column), unit=unit),)


def _store(engine: Engine, size: int) -> None:
    with tables(engine) as connection:
        connection.execute(EMPTY)
        fill(engine.described.database_url, size)
        connection.execute("vacuum analyze")
        # What was just filled is written to the disk now, not while reads are measured.
        connection.execute("checkpoint")


def _reads(engines: Mapping[int, Engine], count: int) -> dict[int, Round]:
    """Return the times of each read, and of its query alone, with each number of orders stored.

    Every request to one engine is followed by the same to the other: whatever slows the machine
    down slows both.
    """
    found: dict[int, Round] = {size: {} for size in engines}
    for name, query in LISTS.items():
        by_id = name == "GET by id"
        with ExitStack() as opened:
            asked = {
                size: opened.enter_context(_asked(engine, query, by_id=by_id))
                for size, engine in engines.items()
            }
            took: dict[int, list[tuple[float, float]]] = {size: [] for size in engines}
            for number in range(WARM_UP_READS + (count if by_id else count // 4)):
                for size, ask in asked.items():
                    took[size].append(ask(number))
        for size, times in took.items():
            reads, queries = zip(*times[WARM_UP_READS:], strict=True)
            for what, seconds in (("", reads), (" bare", queries)):
                hundredths = quantiles(seconds, n=100)
                found[size][f"{name}{what} p50"] = hundredths[49] * 1_000
                found[size][f"{name}{what} p99"] = hundredths[98] * 1_000
    return found


def _rates(engines: Mapping[int, Engine], orders: int) -> Mapping[int, float]:
    """Return how many orders a second either completes, in the mean of its turns."""
    rates: dict[int, list[float]] = {size: [] for size in engines}
    for _ in range(TURNS):
        for size, engine in engines.items():
            rates[size].append(completed(engine, orders // TURNS)["rate"])
    return {size: mean(found) for size, found in rates.items()}


@contextmanager
def _asked(
    engine: Engine, query: str, *, by_id: bool
) -> Iterator[Callable[[int], tuple[float, float]]]:
    """Yield what asks the API and then PostgreSQL for the so-manieth read, and times both."""
    ids = [row[0] for row in rows(engine, SOME)] if by_id else []
    path = f"{LIST_PATH}?limit={PAGE}&{query}".rstrip("&")
    with calling(engine.described.url) as caller, tables(engine) as connection:
        question, values = (BY_ID, {}) if by_id else _question(connection, query)

        def ask(number: int) -> tuple[float, float]:
            order_id = ids[number % len(ids)] if by_id else None
            read = caller.get(f"{LIST_PATH}/{order_id}" if by_id else path)
            about = {**values, "order_id": order_id} if by_id else values
            began = time.perf_counter()
            connection.execute(question, about, prepare=True).fetchall()
            return read, time.perf_counter() - began

        yield ask


def _question(connection: psycopg.Connection, query: str) -> tuple[sql.Composed, dict[str, Any]]:
    wanted = wanted_of(dict([query.split("=")]) if query else {})
    [path, *_] = list_sql.paths(wanted)
    for name in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
        # As the API has it: see `list_queries`.
        connection.execute(sql.SQL("set {} to off").format(sql.Identifier(f"enable_{name}")))
    return list_sql.page(wanted, path, None), dict(list_sql.parameters(wanted, None, PAGE))
