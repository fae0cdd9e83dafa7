"""New tables beside the live ones, filled by writers that no reader knows of."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from psycopg import AsyncConnection

from projections.batch import Reading, after
from projections.connection import connect_as
from projections.schema import create_indexes, create_tables
from projections.tables import Tables, moves, stored_offsets

WRITER = "engine-rebuild-writer"

_REMEMBERED = 50_000
_SILENCE = timedelta(seconds=30)
_LIMITS = {
    # Nothing that is lost in a crash of the server is missed before the swap, which is durable.
    "synchronous_commit": "off",
    "idle_session_timeout": "60s",
}
_ENTER = "select set_config('search_path', %s, false)"
_ANALYZE = "analyze orders, order_events, order_counts, order_labels"


class Fresh:
    """Tables that hold the fold of the log up to `next_offsets`."""

    def __init__(
        self, connection: AsyncConnection, schema: str, tables: Tables, offsets: Mapping[int, int]
    ) -> None:
        self._connection = connection
        self._tables = tables
        self.schema = schema
        self.next_offsets = offsets

    async def apply(self, readings: Sequence[Reading], seqs: Iterable[int]) -> None:
        """Write what these records say under these numbers, all or nothing.

        After any exception the tables can only be thrown away. Raises `NewerSchema`, `Diverged`,
        psycopg's errors.
        """
        moved = after((reading.record for reading in readings), self.next_offsets)
        async with self._connection.transaction():
            batch = await self._tables.fold(readings, seqs)
            await self._tables.write_unread(batch, moves(self.next_offsets, moved))
        self._tables.keep(batch)
        self.next_offsets = moved

    async def look(self) -> None:
        """See how far the tables are now: others may have written other partitions."""
        self.next_offsets = await stored_offsets(self._connection)

    async def settle(self) -> None:
        """Make the tables fit for readers, and have PostgreSQL know how large they are."""
        await create_indexes(self._connection, self.schema)
        await self._connection.execute(_ANALYZE)


@asynccontextmanager
async def fresh_tables(url: str, partitions: int) -> AsyncIterator[Fresh]:
    """Create empty tables in a schema of their own; raise psycopg.Error."""
    async with await connect_as(WRITER, url, _SILENCE, _LIMITS) as connection:
        yield await _entered(connection, await create_tables(connection, partitions))


@asynccontextmanager
async def opened_tables(url: str, schema: str) -> AsyncIterator[Fresh]:
    """Open tables that another writer has created, to write other partitions than that one."""
    async with await connect_as(WRITER, url, _SILENCE, _LIMITS) as connection:
        yield await _entered(connection, schema)


async def _entered(connection: AsyncConnection, schema: str) -> Fresh:
    await connection.execute(_ENTER, (schema,))
    tables = Tables(connection, _REMEMBERED, alone=False)
    await tables.prepare()
    return Fresh(connection, schema, tables, await stored_offsets(connection))
