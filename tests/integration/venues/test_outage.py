import asyncio
import logging

import psycopg
import pytest

from bench.servers import running
from local.ports import free_ports
from local.postgres import Postgres
from orders.errors import Code
from orders.ports import Unknown, Void
from orders.values import Fill
from tests.support.contracts import execution
from tests.support.servers import wait_until

pytestmark = pytest.mark.integration

END_SESSIONS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""


@pytest.fixture
def server(tmp_path):
    """Return a PostgreSQL of this test's own, which it starts and stops."""
    own = Postgres(tmp_path / "postgres", *free_ports(1))
    own.prepare()
    return own


async def started(server, tmp_path):
    """Return the running server as a context; entering and leaving it does not block the loop."""
    context = running(server.program(tmp_path / "postgres.log"))
    await asyncio.to_thread(context.__enter__)
    return context


async def stopped(context):
    await asyncio.to_thread(context.__exit__, None, None, None)


async def test_a_ledger_that_restarts_is_waited_for(server, tmp_path, opened, caplog):
    caplog.set_level(logging.INFO, "venues.chain")
    up = await started(server, tmp_path)
    async with opened(chain_url=server.url("postgres"), execute_timeout_ms=30_000) as venues:
        raydium = venues["RAYDIUM"]
        before = await raydium.execute(execution(raydium, sent_as="before:1"))
        await stopped(up)
        during = [
            asyncio.ensure_future(raydium.execute(execution(raydium, sent_as=f"during:{n}")))
            for n in range(50)
        ]
        await asyncio.to_thread(wait_until, lambda: "ledger away" in caplog.messages)
        up = await started(server, tmp_path)
        try:
            fills = await asyncio.gather(*during)
            assert all(isinstance(fill, Fill) for fill in fills)
            assert caplog.messages[-1] == "ledger back"
            assert await raydium.resolve("before:1") == before
            assert await raydium.resolve("during:7") == fills[7]
        finally:
            await stopped(up)


async def test_a_ledger_that_stays_away_leaves_the_outcome_unknown(server, tmp_path, opened):
    url = server.url("postgres")
    async with (
        opened(chain_url=url, execute_timeout_ms=100) as hasty,
        opened(chain_url=url, execute_timeout_ms=30_000) as patient,
    ):
        unsent = await hasty["RAYDIUM"].execute(execution(hasty["RAYDIUM"]))
        unresolved = await hasty["RAYDIUM"].resolve("order:1")
        for unknown in (unsent, unresolved):
            assert isinstance(unknown, Unknown)
            assert unknown.reason.code is Code.TIMEOUT
        up = await started(server, tmp_path)
        try:
            assert await patient["RAYDIUM"].resolve("order:1") == Void()
            other = execution(patient["RAYDIUM"], sent_as="order:2")
            assert isinstance(await patient["RAYDIUM"].execute(other), Fill)
        finally:
            await stopped(up)


async def test_sessions_that_are_ended_are_opened_again(opened, ledger):
    async with opened() as venues:
        raydium = venues["RAYDIUM"]
        for n in range(5):
            assert isinstance(await raydium.execute(execution(raydium, sent_as=f"order:{n}")), Fill)
            await ledger(END_SESSIONS)


async def test_an_execution_that_lands_after_its_time_out_is_found(opened, chain_url):
    async with (
        opened(execute_timeout_ms=200) as hasty,
        await psycopg.AsyncConnection.connect(chain_url) as other,
    ):
        raydium = hasty["RAYDIUM"]
        await other.execute("lock table chain_ledger in share mode")
        unknown = await raydium.execute(execution(raydium))
        assert isinstance(unknown, Unknown)
        assert unknown.reason.code is Code.TIMEOUT
        await other.rollback()
        while isinstance(outcome := await raydium.resolve("order:1"), Unknown):
            assert outcome.reason.code is Code.TIMEOUT
        assert isinstance(outcome, Fill)
        assert await raydium.execute(execution(raydium)) == outcome


async def test_a_block_the_ledger_cannot_hold_is_not_tried_for_ever(opened, caplog):
    async with opened() as venues:
        raydium = venues["RAYDIUM"]
        unknown = await raydium.resolve("order:\x00")
        assert isinstance(unknown, Unknown)
        assert unknown.reason.code is Code.NETWORK
        assert "block refused" in caplog.messages
        assert isinstance(await raydium.execute(execution(raydium)), Fill)


async def test_closing_ends_the_calls_that_wait(opened, chain_url):
    async with await psycopg.AsyncConnection.connect(chain_url) as other:
        async with opened() as venues:
            raydium = venues["RAYDIUM"]
            await other.execute("lock table chain_ledger in share mode")
            calls = [
                asyncio.ensure_future(raydium.execute(execution(raydium, sent_as=f"order:{n}")))
                for n in range(3)
            ]
            await asyncio.sleep(0)
        late = await raydium.resolve("order:1")
        for unknown in (*await asyncio.gather(*calls), late):
            assert isinstance(unknown, Unknown)
            assert unknown.reason.code is Code.NETWORK
