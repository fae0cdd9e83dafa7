"""Schemas that are not the active one: removed once nobody can be using them."""

import asyncio
import logging
from datetime import timedelta

import psycopg
from psycopg import AsyncConnection, sql

from projections.connection import connect_as

GRACE = timedelta(seconds=10)
"""Longer than the statement timeout of any reader that may still have the former schema."""

_STRAGGLERS = timedelta(minutes=1)
_POLL = timedelta(milliseconds=500)
_LIMITS = {"statement_timeout": "10s", "lock_timeout": "1s"}

_SCHEMAS = """
select nspname, number::int > active::int as never_active
from pg_namespace, public.projection_pointer,
    substring(nspname from '^projection_([0-9]{1,8})$') as number,
    substring(schema_name from '^projection_([0-9]{1,8})$') as active
where number is not null and nspname <> schema_name
"""
_NOW = "select clock_timestamp()"
_READERS = """
select count(*) from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and xact_start < %s
"""

logger = logging.getLogger(__name__)


async def remove_unfinished(connection: AsyncConnection) -> None:
    """Drop the schemas made after the active one: no reader was ever sent to them.

    The caller knows that nobody fills one of them.
    """
    rows = await (await connection.execute(_SCHEMAS)).fetchall()
    for name in (name for name, never_active in rows if never_active):
        await _drop(connection, name)


async def remove_former(url: str, grace: timedelta = GRACE) -> list[str]:
    """Drop the schemas made before the active one; return those that somebody still reads.

    Waits for the grace, and until every transaction has ended that began before the call; bounded.
    Raises psycopg.Error.
    """
    async with await connect_as("engine-rebuild-end", url, grace, _LIMITS) as connection:
        rows = await (await connection.execute(_SCHEMAS)).fetchall()
        former = [name for name, never_active in rows if not never_active]
        if not former:
            return []
        began = await (await connection.execute(_NOW)).fetchone()
        await asyncio.sleep(grace.total_seconds())
        for _ in range(int(_STRAGGLERS / _POLL)):
            readers = await (await connection.execute(_READERS, began)).fetchone()
            if readers == (0,):
                return [name for name in former if not await _dropped(connection, name)]
            await asyncio.sleep(_POLL.total_seconds())
        return former


async def _dropped(connection: AsyncConnection, name: str) -> bool:
    try:
        await _drop(connection, name)
    except psycopg.errors.LockNotAvailable:
        return False
    return True


async def _drop(connection: AsyncConnection, name: str) -> None:
    statement = "drop schema if exists {} cascade"
    await connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
    logger.info("tables removed", extra={"action": "schema_dropped", "schema": name})
