"""Who may write: one at a time, and nobody for ever."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from orders.admission import admit
from projections import store
from projections.batch import Reading
from projections.lease import Candidate, LeaseLost
from projections.store import Store
from projections.tables import Tables
from tests.integration.projections.conftest import taken_lease
from tests.integration.projections.histories import IDS, PARTITIONS, life

pytestmark = pytest.mark.integration

SHORT, LONG = timedelta(milliseconds=500), timedelta(seconds=2)


@pytest.fixture
async def connection(database_url):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as one:
        yield one


@pytest.fixture
def candidate(connection):
    return Candidate(connection, "another", timedelta(seconds=30))


async def take(candidate):
    return await candidate.take(await candidate.look())


async def test_the_lease_of_a_new_database_is_free(candidate):
    assert (await candidate.look()).is_free
    lease = await take(candidate)
    assert lease.epoch == 1
    assert not (await candidate.look()).is_free


async def test_a_lease_that_is_held_is_not_free(tables, candidate):
    async with taken_lease(tables.url):
        seen = await candidate.look()
        assert not seen.is_free
        assert seen.holder == "test"
        assert 29 < seen.seconds_left <= 30


async def test_of_two_that_see_it_free_one_gets_it(tables, candidate, database_url):
    seen = await candidate.look()
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
        rival = Candidate(other, "rival", timedelta(seconds=30))
        taken = await asyncio.gather(candidate.take(seen), rival.take(seen))
    assert sorted(lease is None for lease in taken) == [False, True]
    assert tables.lease["epoch"] == 1


async def test_a_release_wakes_who_waits(tables, candidate):
    async with taken_lease(tables.url) as (_, lease):
        waiting = asyncio.create_task(candidate.wait(20))
        await asyncio.sleep(0.2)
        await lease.release()
        await asyncio.wait_for(waiting, 2)
        assert (await take(candidate)).epoch == lease.epoch + 1


async def test_a_holder_whose_connection_ended_is_followed_at_once(tables, candidate):
    async with taken_lease(tables.url):
        assert not (await candidate.look()).is_free
    await asyncio.sleep(0.1)
    assert (await candidate.look()).is_free
    assert (await take(candidate)).epoch == 2


async def test_renewing_keeps_it(tables, candidate):
    async with taken_lease(tables.url, lease=SHORT) as (_, lease):
        for _ in range(4):
            await asyncio.sleep(0.2)
            await lease.renew()
        assert not (await candidate.look()).is_free


async def test_a_lease_taken_by_another_cannot_be_renewed(tables):
    async with taken_lease(tables.url) as (_, lease):
        tables.run("update projection_lease set epoch = epoch + 1")
        with pytest.raises(LeaseLost):
            await lease.renew()
        await lease.release()
        assert tables.lease["held"]


async def copy_slowly(connection, lease, meanwhile):
    await Store.open(connection, lease, 10)
    async with connection.transaction(), connection.cursor() as cursor:
        await lease.renew()
        async with cursor.copy("copy order_events from stdin") as copy:
            await copy.write(b"1\t0\t0\tid\t1\ttype\tf\tnow\tnow\t{}\n")
            await meanwhile()


async def test_a_holder_that_stands_still_in_a_copy_is_ended_and_writes_nothing(tables, candidate):
    async def take_it_away():
        await asyncio.sleep(SHORT.total_seconds() * 1.2)
        assert (await take(candidate)).epoch == 2

    async with taken_lease(tables.url, lease=SHORT) as (connection, lease):
        with pytest.raises(psycopg.OperationalError):
            await copy_slowly(connection, lease, take_it_away)
    assert tables.head == 0


@pytest.mark.parametrize("few", [0, 20])
async def test_a_slow_holder_keeps_it_as_long_as_each_step_is_in_time(tables, monkeypatch, few):
    known = Tables._known
    readings = [Reading(one, admit(one, PARTITIONS)) for one in life(IDS[0], 2)]

    async def slowly(tables, readings):
        await asyncio.sleep(LONG.total_seconds() * 0.42)
        return await known(tables, readings)

    monkeypatch.setattr(store, "_FEW", few)
    monkeypatch.setattr(Tables, "_known", slowly)
    async with taken_lease(tables.url, lease=LONG) as (connection, lease):
        opened = await Store.open(connection, lease, 10)
        await opened.apply(readings[:1])
        await asyncio.sleep(LONG.total_seconds() * 0.3)
        writing = asyncio.create_task(opened.apply(readings[1:]))
        while not writing.done():
            assert tables.lease["held"]
            await asyncio.sleep(0.02)
        await writing
