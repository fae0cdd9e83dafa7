"""Row: reads, and orders end to end, with few orders stored and with very many.

The stored orders are made by the database itself while the engine is idle; see `list_rows`. The few
stand beside the many, and the API is sent from one to the other by turns: what a machine takes for
a read changes more within minutes than anything here may.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from statistics import quantiles
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from api import list_sql
from api.list_filters import wanted_of
from api.order_queries import COLUMNS
from bench.engine import Engine
from bench.hammer import Blow, hammer
from bench.list_rows import fill
from bench.suite.end_to_end import completed
from bench.suite.figures import Beside, Figure, Target
from bench.suite.load import accepted, percentile_ms, warm_up
from bench.suite.row import Bench, columns
from bench.supervised import rows, tables
from projections.schema import create_indexes, create_tables

FEW, MANY = 1_000, 1_000_000
READS = 3_000
ORDERS = 12_000
WARM_UP = 3_000
PAGE = 50
GROWTH = 1.1
EMPTY = "truncate orders, order_labels, order_counts"
ACTIVE, ASIDE = "projection_1", "projection_0"
"""The engine's own tables, and those of the few: by its number nobody takes it for a former one."""
_TO = "update public.projection_pointer set schema_name = %s"
_RENAME = sql.SQL("alter schema {} rename to {}")
SOME = "select order_id from orders order by md5(order_id) limit 1000"
BY_ID = sql.SQL("select {} from orders where order_id = %(order_id)s").format(COLUMNS)
LISTS = {
    "GET by id": "",
    "GET a list, newest first": "",
    "GET a list of one status": "status=completed",
    "GET a list of one user": "userId=fund",
}
LIST_PATH = "/api/orders"

Round = dict[str, float]


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield each read and the whole way with few orders, and the same with very many beside it."""
    sizes = FEW, bench.scaled(MANY)
    warm_up(bench.engine, WARM_UP)
    reads: list[dict[int, Round]] = []
    whole: dict[int, list[Round]] = {}
    for size in sizes:
        _store(bench.engine, size)
        if size > FEW:
            reads = _reads_in_turn(bench, sizes)
        whole[size] = [completed(bench.engine, bench.scaled(ORDERS)) for _ in bench.each]
    found = {
        size: [{**one[size], **orders} for one, orders in zip(reads, whole[size], strict=True)]
        for size in sizes
    }
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
        load=f"{bench.scaled(ORDERS):,} orders a round over HTTP, venue latency 0",
        beside=_few(found, size, "rate", "orders/s"),
        target=Target(at_least=1 / GROWTH, share=True) if size > FEW else None,
    )


def _few(found: dict[int, list[Round]], size: int, column: str, unit: str) -> tuple[Beside, ...]:
    if size == FEW:
        return ()
    return (Beside(name=f"{FEW:,} stored", values=columns(found[FEW], column), unit=unit),)


def _reads_in_turn(bench: Bench, sizes: tuple[int, int]) -> list[dict[int, Round]]:
    _store_aside(bench.engine, FEW)
    found: list[dict[int, Round]] = []
    for _ in bench.each:
        one = {}
        for size, schema in zip(sizes, (ASIDE, ACTIVE), strict=True):
            _go_to(bench.engine, schema)
            one[size] = _reads(bench.engine, bench.scaled(READS))
        found.append(one)
    return found


def _go_to(engine: Engine, schema: str) -> None:
    with tables(engine) as connection:
        connection.execute(_TO, (schema,))


def _store_aside(engine: Engine, size: int) -> None:
    url = engine.described.database_url

    async def make() -> None:
        async with await AsyncConnection.connect(url, autocommit=True) as connection:
            schema = await create_tables(connection, engine.described.partitions)
            await create_indexes(connection, schema)
            await connection.execute(_RENAME.format(sql.Identifier(schema), sql.Identifier(ASIDE)))

    asyncio.run(make())
    fill(url, size, ASIDE)
    _settle(engine)


def _settle(engine: Engine) -> None:
    with tables(engine) as connection:
        connection.execute("vacuum analyze")
        # What was just filled is written to the disk now, not while reads are measured.
        connection.execute("checkpoint")


def _store(engine: Engine, size: int) -> None:
    with tables(engine) as connection:
        connection.execute(EMPTY)
    fill(engine.described.database_url, size)
    _settle(engine)


def _reads(engine: Engine, count: int) -> Round:
    found: Round = {}
    ids = [row[0] for row in rows(engine, SOME)]
    for name, query in LISTS.items():
        by_id = name == "GET by id"
        paths = (
            tuple(f"{LIST_PATH}/{one}" for one in ids)
            if by_id
            else (f"{LIST_PATH}?limit={PAGE}&{query}".rstrip("&"),)
        )
        times = count if by_id else count // 4
        blow = Blow(url=engine.described.url, body=None, paths=paths, connections=1, count=times)
        felt = hammer(blow)
        accepted(felt)
        bare = _bare(engine, ids if by_id else (), query, times)
        for share, hundredth in (("p50", 0.5), ("p99", 0.99)):
            found[f"{name} {share}"] = percentile_ms(felt, hundredth)
            found[f"{name} bare {share}"] = bare[int(hundredth * 100) - 1]
    return found


def _bare(engine: Engine, ids: Sequence[str], query: str, times: int) -> list[float]:
    """Return the hundredths of the milliseconds that the query alone takes."""
    took = []
    with tables(engine) as connection:
        question, values = _question(connection, query)
        for number in range(times):
            about = {**values, "order_id": ids[number % len(ids)]} if ids else values
            began = time.perf_counter()
            connection.execute(BY_ID if ids else question, about, prepare=True).fetchall()
            took.append((time.perf_counter() - began) * 1_000)
    return quantiles(took, n=100)


def _question(connection: psycopg.Connection, query: str) -> tuple[sql.Composed, dict[str, Any]]:
    wanted = wanted_of(dict([query.split("=")]) if query else {})
    [path, *_] = list_sql.paths(wanted)
    for name in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
        # As the API has it: see `list_queries`.
        connection.execute(sql.SQL("set {} to off").format(sql.Identifier(f"enable_{name}")))
    return list_sql.page(wanted, path, None), dict(list_sql.parameters(wanted, None, PAGE))
