"""PostgreSQL as the API uses it: short reads, each of one snapshot, in one round trip."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.abc import QueryNoTemplate
from psycopg.rows import AsyncRowFactory, TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from api.ports import ReadModelAway

POOL_TIMEOUT_S = 1.5
READ_TIMEOUT_S = 3.0
CLOSE_TIMEOUT_S = 1.0

_CONNECT: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 2,
    "application_name": "engine-api",
    "options": "-c statement_timeout=5000",
    "tcp_user_timeout": 5000,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
_BEGIN = "begin isolation level repeatable read read only"
_POINT = "select set_config('search_path', schema_name, true) from public.projection_pointer"
_NOT_BUILT = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InvalidSchemaName,
)

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Question(Generic[Row]):
    """One statement of a read, its parameters, and what a row of it becomes."""

    sql: QueryNoTemplate
    parameters: Mapping[str, object]
    row: AsyncRowFactory[Row]


class Database:
    """The read model's database; opens when the server is away too, and comes back by itself."""

    def __init__(self, url: str, connections: int) -> None:
        self._url = url
        self._pool = AsyncConnectionPool(
            url,
            kwargs=_CONNECT,
            min_size=1,
            max_size=connections,
            open=False,
            timeout=POOL_TIMEOUT_S,
            # Given up at once and begun again by the next reader, rather than ever more rarely.
            reconnect_timeout=1,
        )
        self._reads: set[asyncio.Task[list[list[Any]]]] = set()

    async def open(self) -> None:
        """Begin to connect."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection; bounded."""
        for read in self._reads:
            read.cancel()
        await self._pool.close(timeout=CLOSE_TIMEOUT_S)

    async def read(self, *questions: Question[Any]) -> list[list[Any]]:
        """Return the rows of each question, all of one snapshot of the active schema.

        Raises `ReadModelAway`. A server that does not answer is left behind, not waited for: its
        connection is closed in the background.
        """
        task = asyncio.create_task(self._read_twice(questions))
        self._reads.add(task)
        task.add_done_callback(self._forget)
        try:
            await asyncio.wait({task}, timeout=READ_TIMEOUT_S)
        finally:
            in_time = task.done()
            task.cancel()
        if not in_time:
            raise ReadModelAway(f"no answer within {READ_TIMEOUT_S} s")
        try:
            return await task
        except _NOT_BUILT as error:
            raise ReadModelAway("the projection has not been built yet") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise ReadModelAway(str(error)) from error

    def _forget(self, read: asyncio.Task[list[list[Any]]]) -> None:
        self._reads.discard(read)
        if not read.cancelled():
            read.exception()

    async def _read_twice(self, questions: tuple[Question[Any], ...]) -> list[list[Any]]:
        try:
            return await self._read(questions)
        except (PoolTimeout, psycopg.errors.QueryCanceled):
            raise
        except psycopg.OperationalError:
            # A connection of before a restart of the server: check them all, then read again.
            await self._pool.check()
            return await self._read(questions)

    async def _read(self, questions: tuple[Question[Any], ...]) -> list[list[Any]]:
        async with self._pool.connection() as connection:
            async with connection.pipeline():
                await connection.execute(_BEGIN)
                await connection.execute(_POINT)
                cursors = [await _ask(connection, question) for question in questions]
                await connection.execute("commit")
            return [await cursor.fetchall() for cursor in cursors]

    async def notifications(self, channel: str, patience_s: float) -> AsyncIterator[None]:
        """Yield after each notification, and when none came for so long; on its own connection.

        Raises `ReadModelAway` when the connection is lost.
        """
        try:
            async with await AsyncConnection.connect(self._url, **_CONNECT) as connection:
                await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                yield
                while True:
                    async with aclosing(
                        connection.notifies(timeout=patience_s, stop_after=1)
                    ) as notices:
                        async for _ in notices:
                            pass
                    yield
        except psycopg.OperationalError as error:
            raise ReadModelAway(str(error)) from error


async def _ask(
    connection: AsyncConnection[TupleRow], question: Question[Row]
) -> psycopg.AsyncCursor[Row]:
    cursor = connection.cursor(row_factory=question.row)
    return await cursor.execute(question.sql, question.parameters)
