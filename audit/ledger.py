"""The chain's ledger: what became of every execution id. `venues/ledger.py` documents the table."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from audit.database import Connection, reading

_FETCHED = 5_000

_IS_THERE = "select to_regclass('chain_ledger') is not null"
_ENTRIES = """
select execution_id, status, venue, slot, signature, executed_price, amount_in, amount_out, fee
from chain_ledger where execution_id = any(%s)
"""
_SETTLED = """
select count(distinct split_part(execution_id, ':', 1)) from chain_ledger where status = 'settled'
"""
_DOUBLED = """
select split_part(execution_id, ':', 1), count(*), string_agg(execution_id, ', ')
from chain_ledger where status = 'settled' group by 1 having count(*) > 1 order by 1 limit 1000
"""
_SENT = "select execution_id, status from chain_ledger where status <> 'void'"


class Entry(NamedTuple):
    """A row of the ledger; the amounts are those of a settled one."""

    execution_id: str
    status: str
    venue: str
    slot: int
    signature: str | None
    executed_price: Decimal | None
    amount_in: Decimal | None
    amount_out: Decimal | None
    fee: Decimal | None


class Doubled(NamedTuple):
    """An order that settled more than once."""

    order_id: str
    times: int
    execution_ids: str


class Landed(NamedTuple):
    """An execution that reached the chain and was not given up before."""

    execution_id: str
    status: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger, read while it grows: rows are only ever added to it.

    It is not given when nobody said where it is; before its first block it is empty.
    """

    connection: Connection | None
    is_given: bool = True

    async def entries(self, execution_ids: Collection[str]) -> dict[str, list[Entry]]:
        """Return what the ledger holds for these ids."""
        held: dict[str, list[Entry]] = {}
        if self.connection is not None and execution_ids:
            found = await self.connection.execute(_ENTRIES, (list(execution_ids),), binary=True)
            for row in await found.fetchall():
                held.setdefault(row[0], []).append(Entry._make(row))
        return held

    async def settled(self) -> int:
        """Return how many orders settled."""
        if self.connection is None:
            return 0
        row = await (await self.connection.execute(_SETTLED)).fetchone()
        return int(row[0]) if row else 0

    async def doubled(self) -> list[Doubled]:
        """Return the orders that settled more than once; few when there are many."""
        if self.connection is None:
            return []
        return [Doubled(*row) for row in await (await self.connection.execute(_DOUBLED)).fetchall()]

    async def landed(self) -> AsyncIterator[list[Landed]]:
        """Yield every id that was settled or refused, some at a time."""
        if self.connection is None:
            return
        async with (
            self.connection.transaction(),
            self.connection.cursor(name="landed", binary=True) as cursor,
        ):
            await cursor.execute(_SENT)
            while rows := await cursor.fetchmany(_FETCHED):
                yield [Landed._make(row) for row in rows]


@asynccontextmanager
async def open_ledger(url: str | None) -> AsyncIterator[Ledger]:
    """Open the ledger; without a URL, or before its first block, it is empty.

    Raises `Unreadable`.
    """
    if url is None:
        yield Ledger(None, is_given=False)
        return
    async with reading(url, "The ledger") as connection:
        there = await (await connection.execute(_IS_THERE)).fetchone()
        yield Ledger(connection if there and there[0] else None)
