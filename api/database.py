"""PostgreSQL as the API uses it: short reads, each of one snapshot, in one round trip."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
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
_ACTIVE = "select schema_name from public.projection_pointer"
_NOT_BUILT = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InvalidSchemaName,
)

Row = TypeVar("Row")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question(Generic[Row]):
    """One statement of a read, its parameters, and what a row of it becomes."""

    sql: QueryNoTemplate
    parameters: Mapping[str, object]
    row: AsyncRowFactory[Row]


async def _require_plain(connection: AsyncConnection) -> None:
    # Left in a pipeline, it would put a lone statement and the next read's `begin` into the same
    # transaction, which PostgreSQL refuses. The pool closes what is refused here.
    if connection.pgconn.pipeline_status:
        raise psycopg.InterfaceError("a connection was left in its pipeline")


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
            reset=_require_plain,
            # Given up at once and begun again by the next reader, rather than ever more rarely.
            reconnect_timeout=1,
        )
        self._reads: set[asyncio.Task[Any]] = set()
        self._schema: str | None = None

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
        return await self._in_time(partial(self._read, questions))

    async def glance(
        self, statement: Callable[[str], QueryNoTemplate], parameters: Mapping[str, object]
    ) -> list[TupleRow]:
        """Return the rows of one statement, written for the active schema: it is a snapshot itself.

        The first row tells that schema, as the snapshot has it; there is none where nothing is
        active. Raises `ReadModelAway`, as `read` does, at a sixth of its cost.
        """
        return await self._in_time(partial(self._glance, statement, parameters))

    async def _in_time(self, read: Callable[[], Coroutine[None, None, T]]) -> T:
        task = asyncio.create_task(self._twice(read))
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

    def _forget(self, read: asyncio.Task[Any]) -> None:
        self._reads.discard(read)
        if not read.cancelled():
            read.exception()

    async def _twice(self, read: Callable[[], Coroutine[None, None, T]]) -> T:
        try:
            return await read()
        except (PoolTimeout, psycopg.errors.QueryCanceled):
            raise
        except psycopg.OperationalError:
            # A connection of before a restart of the server: check them all, then read again.
            await self._pool.check()
            return await read()

    async def _read(self, questions: tuple[Question[Any], ...]) -> list[list[Any]]:
        async with self._pool.connection() as connection:
            async with connection.pipeline():
                await connection.execute(_BEGIN)
                await connection.execute(_POINT)
                cursors = [await _ask(connection, question) for question in questions]
                await connection.execute("commit")
            return [await cursor.fetchall() for cursor in cursors]

    async def _glance(
        self, statement: Callable[[str], QueryNoTemplate], parameters: Mapping[str, object]
    ) -> list[TupleRow]:
        async with self._pool.connection() as connection:
            for schema in (self._schema, None):
                active = schema or await _active(connection)
                if active is None:
                    return []
                try:
                    found = await connection.execute(statement(active), parameters)
                except _NOT_BUILT:
                    # They may have been replaced since, and removed.
                    if schema is None:
                        raise
                    continue
                rows = await found.fetchall()
                self._schema = rows[0][0] if rows else None
                if self._schema == active:
                    return rows
        raise ReadModelAway("its tables are being replaced")

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


async def _active(connection: AsyncConnection[TupleRow]) -> str | None:
    row = await (await connection.execute(_ACTIVE)).fetchone()
    return row[0] if row else None


async def _ask(
    connection: AsyncConnection[TupleRow], question: Question[Row]
) -> psycopg.AsyncCursor[Row]:
    cursor = connection.cursor(row_factory=question.row)
    return await cursor.execute(question.sql, question.parameters)
