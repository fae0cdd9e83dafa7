"""Row: reads, and orders end to end, with few orders stored and with very many.

The stored orders are made by the database itself while the engine is idle; see `list_rows`. An
engine with few stands beside one with many, and they are asked by turns, each read to the one being
followed by the same to the other: what a machine takes for a read, or for an order, changes more
within seconds than anything here may.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from statistics import harmonic_mean, quantiles
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
ORDERS = 8_000
WARM_UP = 3_000
WARM_UP_READS = 20
PAGE = 50
GROWTH = 1.1
EMPTY = "truncate orders, order_labels, order_counts"
SOME = "select order_id from orders order by md5(order_id) limit 1000"
BY_ID = sql.SQL("select {} from orders where order_id = %(order_id)s").format(COLUMNS)
LISTS: Mapping[str, str | None] = {
    "GET by id": None,
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
        load=f"{bench.scaled(ORDERS):,} orders a turn, two turns a round, venue latency 0",
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
    # Every request to one engine is followed by the same to the other: whatever slows the machine
    # down slows both.
    found: dict[int, Round] = {size: {} for size in engines}
    for name, query in LISTS.items():
        with ExitStack() as opened:
            ways = {size: _asked(opened, engine, query) for size, engine in engines.items()}
            times = count if query is None else count // 4
            took = [
                {size: ask(number) for size, ask in ways.items()}
                for number in range(WARM_UP_READS + times)
            ]
        for size in engines:
            pairs = [one[size] for one in took[WARM_UP_READS:]]
            found[size] |= _shares(name, [read for read, _ in pairs])
            found[size] |= _shares(f"{name} bare", [bare for _, bare in pairs])
    return found


def _shares(name: str, seconds: Sequence[float]) -> Round:
    hundredths = quantiles(seconds, n=100, method="inclusive")
    return {f"{name} p50": hundredths[49] * 1_000, f"{name} p99": hundredths[98] * 1_000}


def _asked(
    opened: ExitStack, engine: Engine, query: str | None
) -> Callable[[int], tuple[float, float]]:
    # What reads by the API and by the bare query, and times both.
    caller = opened.enter_context(calling(engine.described.url))
    connection = opened.enter_context(tables(engine))
    if query is None:
        ids = [row[0] for row in rows(engine, SOME)]

        def one(number: int) -> tuple[float, float]:
            read = caller.get(f"{LIST_PATH}/{ids[number % len(ids)]}")
            # Another one: that which was just read is still at hand.
            other = ids[(number + len(ids) // 2) % len(ids)]
            return read, _timed(connection, BY_ID, {"order_id": other})

        return one
    question, values = _question(connection, query)
    path = f"{LIST_PATH}?limit={PAGE}&{query}".rstrip("&")
    return lambda _: (caller.get(path), _timed(connection, question, values))


def _timed(
    connection: psycopg.Connection, question: sql.Composed, values: Mapping[str, Any]
) -> float:
    began = time.perf_counter()
    connection.execute(question, values, prepare=True).fetchall()
    return time.perf_counter() - began


def _rates(engines: Mapping[int, Engine], orders: int) -> Mapping[int, float]:
    rates: dict[int, list[float]] = {size: [] for size in engines}
    # There and back: what becomes slower meanwhile becomes so for both.
    for size in (*rates, *reversed(rates)):
        rates[size].append(completed(engines[size], orders)["rate"])
    return {size: harmonic_mean(found) for size, found in rates.items()}


def _question(connection: psycopg.Connection, query: str) -> tuple[sql.Composed, dict[str, Any]]:
    wanted = wanted_of(dict([query.split("=")]) if query else {})
    [path, *_] = list_sql.paths(wanted)
    for name in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
        # As the API has it: see `list_queries`.
        connection.execute(sql.SQL("set {} to off").format(sql.Identifier(f"enable_{name}")))
    return list_sql.page(wanted, path, None), dict(list_sql.parameters(wanted, None, PAGE))
