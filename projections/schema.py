"""The read model's tables and the row that names them; creating them again changes nothing."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.abc import QueryNoTemplate

LAYOUT = 6
"""Raised by whatever changes the tables, or what the fold makes of records that are in the log."""

_SHARED = Path(__file__).with_name("schema.sql").read_bytes()
_TABLES = Path(__file__).with_name("tables.sql").read_bytes()
_INDEXES = Path(__file__).with_name("indexes.sql").read_bytes()

_FOUND = """
select count(*) from pg_tables
where schemaname = 'public' and tablename in ('projection_pointer', 'projection_lease')
"""
_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtext('projection schema'))"
_UNUSED = """
select 'projection_' || 1 + coalesce(max(number::int), 0)
from pg_namespace, substring(nspname from '^projection_([0-9]{1,8})$') as number
"""
_ENTER = "select set_config('search_path', %s, true)"
# Readers ask `orders.open` and `orders.stage`: a function of a row reads as its column does.
_AS_COLUMNS = """
create or replace function open(orders) returns bool immutable language sql as $$
    select $1.state is not null
$$;
create or replace function stage(orders) returns text immutable language sql as $$
    select case when $1.status in ('pending', 'executing') then 'moving' else $1.status end
$$
"""
_OFFSETS = "insert into projection_offsets select generate_series(0, %s - 1), 0"
_POINT = """
insert into public.projection_pointer values (1, %s, gen_random_uuid(), %s, %s)
"""
_POINTER = """
select schema_name, epoch, partitions, (to_jsonb(p) ->> 'layout')::int
from public.projection_pointer p
"""
_RECORD_LAYOUT = """
alter table public.projection_pointer add column if not exists layout int not null default 1
"""

_TABLES_OF = "select array_agg(tablename) from pg_tables where schemaname = %s"
_READ = """
select count(*) = (select partitions from public.projection_pointer)
from {schema}.projection_offsets
"""
_TOLD = """
select exists (select from {schema}.order_events) or not exists (select from {schema}.orders)
"""


class WrongPartitions(Exception):
    """The tables were made for another number of partitions; the message says what to set."""


class NewerLayout(Exception):
    """The tables were made by a newer engine; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which schema is active, the epoch of its numbering and the layout of its tables."""

    schema: str
    epoch: UUID
    layout: int


def create(url: str, partitions: int) -> None:
    """Do what `ensure` does, in the database of this URL."""

    async def connect_and_create() -> None:
        async with await AsyncConnection.connect(url, autocommit=True) as connection:
            await ensure(connection, partitions)

    asyncio.run(connect_and_create())


async def ensure(connection: AsyncConnection, partitions: int) -> Pointer:
    """Create what is missing in the database and return which tables are active.

    Raises `WrongPartitions`, `NewerLayout`, psycopg's errors. The connection is in no transaction.
    """
    async with connection.transaction():
        if not await _is_complete(connection):
            # Of two that start at once the second waits here, and then finds the tables.
            await connection.execute(_ONE_AT_A_TIME)
            if not await _is_complete(connection):
                await _create(connection, partitions)
    return await _active(connection, partitions)


async def create_tables(connection: AsyncConnection, partitions: int) -> str:
    """Create empty tables in a schema of their own, without indexes, and return its name."""
    async with connection.transaction():
        (name,) = await _row(connection, _UNUSED)
        await connection.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
        await connection.execute(_ENTER, (name,))
        await connection.execute(_TABLES)
        await connection.execute(_OFFSETS, (partitions,))
    return str(name)


async def create_indexes(connection: AsyncConnection, schema: str) -> None:
    """Make the tables of this schema fit for readers."""
    async with connection.transaction():
        await connection.execute(_ENTER, (schema,))
        await connection.execute(_INDEXES)


async def make_readable(connection: AsyncConnection, schema: str) -> None:
    """Let readers of this layout read tables of an older one, as far as these can tell them.

    Raises psycopg's errors, where the tables are too old or broken for it.
    """
    async with connection.transaction():
        await connection.execute(_ENTER, (schema,))
        await connection.execute(_AS_COLUMNS)


async def has_numbers(connection: AsyncConnection, schema: str) -> bool:
    """Return whether the schema can tell the number of each record and how far it has read."""
    there = await _tables_of(connection, schema)
    return "order_events" in there and await has_offsets(connection, schema)


async def has_offsets(connection: AsyncConnection, schema: str) -> bool:
    """Return whether the schema can tell how far each partition was read."""
    there = await _tables_of(connection, schema)
    return "projection_offsets" in there and bool(await _answer(connection, _READ, schema))


async def is_whole(connection: AsyncConnection, schema: str) -> bool:
    """Return whether all of the schema's tables are there, and no order without its history."""
    there = await _tables_of(connection, schema)
    return (
        there >= {"orders", "order_counts", "order_labels"}
        and await has_numbers(connection, schema)
        and bool(await _answer(connection, _TOLD, schema))
    )


def require_known(layout: int) -> None:
    """Raise `NewerLayout` when tables of this layout are not for this engine."""
    if layout > LAYOUT:
        raise NewerLayout(
            f"the tables have layout {layout}, this engine knows none after {LAYOUT}: "
            "upgrade the engine, or use another ENGINE_DATABASE_URL"
        )


async def _is_complete(connection: AsyncConnection) -> bool:
    # By a query of the catalogue: to_regclass may remember that a table was missing.
    (found,) = await _row(connection, _FOUND)
    return bool(found == 2)


async def _create(connection: AsyncConnection, partitions: int) -> None:
    await connection.execute(_SHARED)
    if not await (await connection.execute(_POINTER)).fetchone():
        name = await create_tables(connection, partitions)
        await create_indexes(connection, name)
        await connection.execute(_POINT, (name, partitions, LAYOUT))


async def _active(connection: AsyncConnection, partitions: int) -> Pointer:
    schema, epoch, recorded, layout = await _row(connection, _POINTER)
    if recorded != partitions:
        raise WrongPartitions(
            f"the tables were made for {recorded} partitions, not {partitions}: "
            f"set ENGINE_PARTITIONS={recorded}, or use another ENGINE_DATABASE_URL"
        )
    if layout is None:
        await connection.execute(_RECORD_LAYOUT)
    require_known(layout or 1)
    return Pointer(schema, epoch, layout or 1)


async def _tables_of(connection: AsyncConnection, schema: str) -> set[str]:
    (names,) = await _row(connection, _TABLES_OF, schema)
    return set(names or ())


async def _answer(connection: AsyncConnection, question: LiteralString, schema: str) -> object:
    of_schema = sql.SQL(question).format(schema=sql.Identifier(schema))
    (answer,) = await _row(connection, of_schema)
    return answer


async def _row(
    connection: AsyncConnection, question: QueryNoTemplate, *values: object
) -> tuple[Any, ...]:
    row = await (await connection.execute(question, values)).fetchone()
    if row is None:
        raise LookupError(f"no row for {question!r}")
    return row
