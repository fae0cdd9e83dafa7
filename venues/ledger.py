"""The simulated chain's ledger in PostgreSQL: what became of every execution id, once and for all.

The table `chain_ledger` is the chain's only memory, in a database of its own; oracles may read it:

| column | |
|---|---|
| `execution_id` text, primary key | the id the engine sent, `order_id:n` |
| `status` text | `settled`: traded; `refused`: never will; `void`: given up before it landed |
| `venue` text | RAYDIUM or METEORA: whose swap it is, or who gave it up |
| `at` timestamptz | when it reached the chain, by the clock of the process that sent it |
| `slot` bigint | number of the block that holds it; the sequence `chain_slots` counts blocks |
| `signature` text | base58 of 64 bytes, a function of execution id and slot; settled only |
| `executed_price` numeric | token out per token in; settled only |
| `amount_in`, `amount_out`, `fee` numeric | units of token in, out and in; settled only |
| `code`, `reason` text | of `orders.errors.Code`, and a sentence; refused only |

Rows are only ever inserted. No rule of the market lives here.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
import psycopg
from psycopg.rows import class_row

from venues.entries import Entry

Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]

CONNECT_TIMEOUT_S = 2
WRITE_TIMEOUT_S = 5
KEEPALIVE_S = 5
CREATE_LOCK = 0x63686169

CREATE = f"""
do $$ begin
  perform pg_advisory_xact_lock({CREATE_LOCK});
  create sequence if not exists chain_slots;
  create table if not exists chain_ledger (
    execution_id text primary key,
    status text not null check (status in ('settled', 'refused', 'void')),
    venue text not null,
    at timestamptz not null,
    slot bigint not null,
    signature text,
    executed_price numeric,
    amount_in numeric,
    amount_out numeric,
    fee numeric,
    code text,
    reason text,
    check ((status = 'settled') =
      (num_nulls(signature, executed_price, amount_in, amount_out, fee) = 0)),
    check ((status = 'refused') = (num_nulls(code, reason) = 0))
  );
end $$
"""


INSERT = """
insert into chain_ledger
select * from json_populate_recordset(null::chain_ledger, %s)
on conflict (execution_id) do nothing
"""

_ID = attrgetter("execution_id")
SELECT = "select * from chain_ledger where execution_id = any(%s)"


class Ledger:
    """One connection to the ledger, opened again by the first call after it broke."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None

    async def prepare(self) -> None:
        """Connect and create the table if need be. Raises psycopg.Error or OSError when away."""
        async with self._connected():
            pass

    async def write(self, entries: Sequence[Entry]) -> dict[str, Entry]:
        """Write one block and return, by execution id, what the ledger holds for each of them.

        An id the ledger already holds keeps its row, whichever process wrote it. Raises
        psycopg.Error or OSError when the ledger is away; the block may then be written or not.
        """
        async with self._connected() as connection:
            return await _write(connection, entries)

    async def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        try:
            async with asyncio.timeout(WRITE_TIMEOUT_S):
                yield self._connection or await self._connect()
        except BaseException:
            await self.close()
            raise

    async def _connect(self) -> Connection:
        self._connection = await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT_S,
            keepalives_idle=KEEPALIVE_S,
            tcp_user_timeout=3 * KEEPALIVE_S * 1_000,
        )
        await self._connection.execute(CREATE)
        return self._connection


async def _write(connection: Connection, entries: Sequence[Entry]) -> dict[str, Entry]:
    [(slot,)] = await (await connection.execute("select nextval('chain_slots')")).fetchall()
    # In one order everywhere: of two blocks that share ids, one waits for the other, never both.
    block = {entry.execution_id: entry.sealed(slot) for entry in sorted(entries, key=_ID)}
    rows = msgspec.json.encode(list(block.values())).decode()
    if (await connection.execute(INSERT, [rows])).rowcount == len(block):
        return block
    # A statement of its own, so that it sees the rows the insert has waited for.
    async with connection.cursor(row_factory=class_row(Entry)) as cursor:
        await cursor.execute(SELECT, [list(block)])
        return {entry.execution_id: entry for entry in await cursor.fetchall()}
