"""Creates the read model's tables; running it again, or twice at once, changes nothing."""

from pathlib import Path

import psycopg
from psycopg import AsyncConnection

_TABLES = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
_ANNOUNCE = "select set_config('engine.partitions', %s, true)"
_RECORDED = "select partitions from public.projection_pointer"


class WrongPartitions(Exception):
    """The tables were made for another number of partitions; the message says what to set."""


def create(url: str, partitions: int) -> None:
    """Create what is missing in the database; raise `WrongPartitions`, or psycopg's errors."""
    with psycopg.connect(url) as connection:
        connection.execute(_ANNOUNCE, (str(partitions),))
        connection.execute(_TABLES.encode())
        _require(partitions, connection.execute(_RECORDED).fetchone())


async def ensure(connection: AsyncConnection, partitions: int) -> None:
    """Do what `create` does, on a connection that is not in a transaction."""
    async with connection.transaction():
        await connection.execute(_ANNOUNCE, (str(partitions),))
        await connection.execute(_TABLES.encode())
        _require(partitions, await (await connection.execute(_RECORDED)).fetchone())


def _require(wanted: int, row: tuple[int] | None) -> None:
    recorded = row[0] if row else None
    if recorded != wanted:
        raise WrongPartitions(
            f"the tables were made for {recorded} partitions, not {wanted}: "
            f"set ENGINE_PARTITIONS={recorded}, or use another ENGINE_DATABASE_URL"
        )
