"""The read model in one snapshot: what it holds at its own stored offsets."""

from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncServerCursor, sql

from audit.database import Connection, reading
from audit.errors import Unreadable
from audit.rows import LATER_COLUMNS, NO_STATE, ORDER_COLUMNS, STATE_COLUMNS, EventRow, State
from orders.events import SCHEMA_VERSION

_FETCHED = 5_000
_SNAPSHOT_TRIES = 5

_BEGIN = "begin isolation level repeatable read read only"
_POINTER = """
select p.schema_name, p.partitions, set_config('search_path', p.schema_name, true)
from public.projection_pointer p
"""
_LOCK = "lock table orders, order_events, projection_offsets in access share mode"
_OFFSETS = "select partition, next_offset from projection_offsets"
# Without those that the database itself makes of the others.
_COLUMNS = """
select column_name from information_schema.columns
where table_schema = %s and table_name = 'orders' and is_generated = 'NEVER'
"""
_EVENTS = """
select "offset", partition, order_id, version, type, superseded, occurred_at, appended_at,
       data::text, seq
from order_events where partition = %s order by "offset", seq
"""
_STATE = sql.SQL("""
       state is not null, state_schema_version,
       state::json->>'kind', state::json->>'version', state::json->>'attempts',
       state::json->>'routes', state::json->>'rests',
       json_array_length(state::json->'wishes')::text
from orders where partition = %s
""")
_ASTRAY = """
select 'orders', order_id, partition from orders where not partition = any(%(all)s)
union all
select 'order_events', order_id, partition from order_events where not partition = any(%(all)s)
limit 1000
"""
_UNFINISHED = """
select count(*) from orders where state is not null and not quarantined and status <> 'open'
"""
_MOVING = "select count(*) from orders where stage = 'moving' and not quarantined"
_HAS_STAGES = """
select count(*) > 0 from pg_attribute where attrelid = to_regclass('orders') and attname = 'stage'
"""
_COUNTS = "select scope, key, n from order_counts where n <> 0"
_HAS_COUNTS = "select to_regclass('order_counts') is not null"
_HAS_LABELS = "select to_regclass('order_labels') is not null"
# The orders are held against the log by themselves: here their labels are held against them.
_LABELS = """
with called_for as (
    select distinct 'tag' as kind, unnest(tags) as label, created_at, order_id from orders
    union all
    select 'client', client_order_id, created_at, order_id from orders
    where client_order_id is not null
)
(select 'is missing', * from (table called_for except table order_labels) missing limit 500)
union all
(select 'is not called for', *
 from (table order_labels except table called_for) unwanted limit 500)
"""
_GAPS = """
select seq, before, order_id from (
    select seq, order_id, lag(seq, 1, 0::bigint) over (order by seq) as before from order_events
) as numbered where seq <> before + 1 order by seq limit 1000
"""


class SeqGap(NamedTuple):
    """A row whose seq is not the one after the row before it."""

    seq: int
    before: int
    order_id: str


class LabelRead(NamedTuple):
    """A row that `order_labels` lacks, or has in vain, as `flaw` says."""

    flaw: str
    kind: str
    label: str
    created_at: datetime
    order_id: str


class OrderRead(NamedTuple):
    """A row of `orders`: its columns in the tables' sequence, and its stored state.

    `state` is None when it was written in another version's form.
    """

    columns: Sequence[Any]
    state: State | None


class EventRead(NamedTuple):
    """A row of `order_events` and its seq."""

    row: EventRow
    seq: int


class EventReader:
    """The rows of one partition, asked for by offset."""

    def __init__(self, pages: AsyncIterator[list[EventRead]]) -> None:
        self._pages = pages
        self._held: list[EventRead] = []

    async def up_to(self, offset: int) -> list[EventRead]:
        """Return the rows not returned yet up to this offset."""
        while not self._held or self._held[-1].row.offset <= offset:
            page = await anext(self._pages, None)
            if page is None:
                break
            self._held += page
        end = bisect_right(self._held, offset, key=lambda read: read.row.offset)
        taken, self._held = self._held[:end], self._held[end:]
        return taken

    async def rest(self) -> AsyncIterator[list[EventRead]]:
        """Yield the rows not returned yet."""
        yield self._held
        async for page in self._pages:
            yield page


@dataclass(frozen=True, slots=True)
class Tables:
    """The active schema, as one transaction sees it."""

    connection: Connection
    partitions: int
    next_offsets: Mapping[int, int]
    order_columns: Sequence[str]
    unjudged_columns: Sequence[str]

    async def events(self, partition: int) -> AsyncGenerator[list[EventRead]]:
        """Yield the partition's rows of `order_events` by offset, some at a time."""
        async with self._cursor("events") as cursor:
            await cursor.execute(_EVENTS, (partition,))
            while rows := await cursor.fetchmany(_FETCHED):
                yield [EventRead(EventRow._make(row[:-1]), row[-1]) for row in rows]

    async def orders(self, partition: int) -> AsyncIterator[list[OrderRead]]:
        """Yield the partition's rows of `orders`, some at a time."""
        names = sql.SQL(", ").join(map(sql.Identifier, self.order_columns))
        query = sql.SQL("select {}, {}").format(names, _STATE)
        count = len(self.order_columns)
        async with self._cursor("orders") as cursor:
            await cursor.execute(query, (partition,))
            while rows := await cursor.fetchmany(_FETCHED):
                yield [OrderRead(row[:count], _state(row[count:])) for row in rows]

    async def astray(self) -> list[tuple[str, str, int]]:
        """Return table, order id and partition of rows in partitions that the log does not have."""
        known = list(range(self.partitions))
        return await (await self.connection.execute(_ASTRAY, {"all": known})).fetchall()

    async def unfinished(self) -> int:
        """Return how many orders have not ended, quarantined ones not counted."""
        there = await (await self.connection.execute(_HAS_STAGES)).fetchone()
        asked = _MOVING if there and there[0] else _UNFINISHED
        row = await (await self.connection.execute(asked)).fetchone()
        return int(row[0]) if row else 0

    async def counts(self) -> dict[tuple[str, str], int] | None:
        """Return the counters that are not zero, by scope and key; None in tables without any."""
        there = await (await self.connection.execute(_HAS_COUNTS)).fetchone()
        if not there or not there[0]:
            return None
        rows = await (await self.connection.execute(_COUNTS)).fetchall()
        return {(scope, key): n for scope, key, n in rows}

    async def wrong_labels(self) -> list[LabelRead]:
        """Return labels that do not agree with their orders; few when there are many."""
        there = await (await self.connection.execute(_HAS_LABELS)).fetchone()
        if not there or not there[0]:
            return []
        found = await (await self.connection.execute(_LABELS)).fetchall()
        return [LabelRead(*row) for row in found]

    async def seq_gaps(self) -> list[SeqGap]:
        """Return where seq is not the one before and one; few when there are many."""
        return [SeqGap(*row) for row in await (await self.connection.execute(_GAPS)).fetchall()]

    def _cursor(self, name: str) -> AsyncServerCursor[tuple[Any, ...]]:
        return self.connection.cursor(name=name, binary=True)


@asynccontextmanager
async def open_tables(url: str) -> AsyncIterator[Tables]:
    """Open the active schema in one repeatable-read snapshot; raise `Unreadable` without one."""
    async with reading(url, "The tables") as connection:
        schema, partitions = await _enter(connection)
        offsets = dict(await (await connection.execute(_OFFSETS)).fetchall())
        found = await (await connection.execute(_COLUMNS, (schema,))).fetchall()
        columns = {name for (name,) in found}
        if missing := [
            name for name in ORDER_COLUMNS if name not in columns and name not in LATER_COLUMNS
        ]:
            raise Unreadable(f"The table orders has no column {missing[0]}")
        yield Tables(
            connection,
            partitions,
            {number: offsets.get(number, 0) for number in range(partitions)},
            [name for name in ORDER_COLUMNS if name in columns],
            sorted(columns - set(ORDER_COLUMNS) - STATE_COLUMNS),
        )
        await connection.execute("rollback")


async def _enter(connection: Connection) -> tuple[str, int]:
    # A rebuild may drop the schema between the look at the pointer and the first look into it.
    for _ in range(_SNAPSHOT_TRIES):
        await connection.execute(_BEGIN)
        try:
            row = await (await connection.execute(_POINTER)).fetchone()
            if row is None:
                break
            await connection.execute(_LOCK)
        except (psycopg.errors.UndefinedTable, psycopg.errors.SerializationFailure):
            await connection.execute("rollback")
        else:
            return row[0], row[1]
    raise Unreadable(
        "The database has no tables of the engine: start a projector on it, or name another with "
        "--database-url"
    )


def _state(columns: Sequence[Any]) -> State | None:
    there, written_by, *facts = columns
    if not there:
        return NO_STATE
    return State(*facts) if written_by == SCHEMA_VERSION else None
