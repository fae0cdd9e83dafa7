"""The tables made anew from the log: the same rows and numbers, and nobody notices."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from projections import folding
from projections import rebuild as rebuilding
from projections.consumer import WrongTopic, open_log
from projections.fresh import WRITER
from projections.leftovers import remove_former
from projections.rebuild import RebuildUnderWay, rebuild
from tests.integration.projections.conftest import lives
from tests.support.builders import executed
from tests.support.log import placement
from tests.support.odd_clients import append_in_transaction
from tests.support.servers import TEST_PARTITIONS, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

SMALL = {"ENGINE_PROJECTOR_BATCH": "50", "ENGINE_PROJECTOR_LINGER_MS": "20"}
POISON = (0, b"anything", b"not JSON")


@pytest.fixture
def rebuild_tables(kafka, topics, tables):
    """Return what rebuilds this test's tables; it calls `meanwhile` whenever records are folded."""

    async def run(meanwhile=lambda done, total: None, only=None):
        async with open_log(kafka, topics.events, TEST_PARTITIONS) as log:
            return await rebuild(log, tables.url, TEST_PARTITIONS, meanwhile, only)

    return run


@pytest.fixture
async def projected(log, tables, start, environment, kafka, topics):
    """Return the projector of tables with some history: ended, open, broken, not admitted."""
    broken = "00000000-0000-4000-8000-00000000dead"
    await log.append(*lives(200), *lives(200)[:400])
    await log.append(placement(broken, user_id="ann"), executed(5, order_id=broken))
    await log.append_records(POISON)
    await append_in_transaction(kafka, topics.events, 0, POISON[1:])
    await log.append(*lives(100))
    projector = start(environment | SMALL)
    tables.wait_for(head=1302)
    wait_until(
        lambda: tables.rows("select sum(next_offset) n from projection_offsets")[0]["n"] == 1305
    )
    return projector


async def test_the_new_tables_are_the_former_ones_under_another_name(
    projected, tables, rebuild_tables
):
    assert projected.stop() == 0
    before, structure, pointer = tables.contents, tables.structure, tables.pointer
    told = []
    rebuilt = await rebuild_tables(lambda *progress: told.append(progress))
    assert tables.contents == before
    assert tables.structure == structure
    assert tables.pointer == pointer | {"schema_name": "projection_2"}
    assert (rebuilt.schema, rebuilt.epoch) == ("projection_2", pointer["epoch"])
    assert (rebuilt.numbers_kept, rebuilt.records) == (True, 1305)
    assert told[-1] == (1305, 1305)


async def test_two_processes_fold_a_long_log_into_the_same_tables(
    projected, tables, rebuild_tables, monkeypatch
):
    assert projected.stop() == 0
    monkeypatch.setattr(rebuilding, "WORTH_TWO", 1_000)
    before, told = tables.contents, []
    rebuilt = await rebuild_tables(lambda done, total: told.append(done))
    assert tables.contents == before
    assert rebuilt.records == 1305
    assert max(told) < 1305


async def test_what_the_second_process_does_not_fold_the_first_one_does(
    projected, tables, rebuild_tables, monkeypatch
):
    @contextmanager
    def dead_at_once(_half):
        yield lambda: False

    assert projected.stop() == 0
    monkeypatch.setattr(rebuilding, "WORTH_TWO", 1_000)
    monkeypatch.setattr(rebuilding, "folded_beside", dead_at_once)
    before = tables.contents
    assert (await rebuild_tables()).records == 1305
    assert tables.contents == before


async def test_a_projector_that_works_meanwhile_goes_on_in_the_new_tables(
    projected, log, tables, rebuild_tables, start, environment
):
    standby = start(environment | SMALL, "projector-2")
    numbered = tables.rows('select seq, partition, "offset" from order_events order by seq')

    async def append():
        for _ in range(10):
            await log.append(*lives(20))

    for number in (2, 3):
        appending = asyncio.create_task(append())
        assert (await rebuild_tables()).schema == f"projection_{number}"
        await appending
        tables.wait_for(head=1302 + 600 * (number - 1))
        wait_until(lambda: tables.lease["held"], 10, "the lease is taken again")

    def taken():
        return projected.log.count("lease taken") + standby.log.count("lease taken")

    # Who takes it says so afterwards.
    wait_until(lambda: taken() >= 3, 10, "the lease was taken after each rebuild")
    assert taken() == 3
    assert (projected.log + standby.log).count("[error") == 1  # the order that is quarantined
    kept = tables.rows('select seq, partition, "offset" from order_events order by seq')
    assert kept[: len(numbered)] == numbered
    assert len(await log.dead_letters()) == 2
    tables.assert_counts_agree()


async def test_a_log_that_goes_far_beyond_the_tables_is_rebuilt_as_far_as_they_go(
    projected, log, tables, rebuild_tables, monkeypatch
):
    monkeypatch.setattr(folding, "_BATCH", 50)
    assert projected.stop() == 0
    before = tables.contents
    await log.append(*lives(200))
    assert (await rebuild_tables()).records == 1305
    assert tables.contents == before


async def test_a_reader_of_the_former_tables_is_waited_for(projected, tables, rebuild_tables):
    with tables.reading() as reader:
        assert reader.execute("select count(*) n from orders").fetchone()["n"] == 501
        await rebuild_tables()
        removing = asyncio.create_task(remove_former(tables.url, timedelta(milliseconds=10)))
        await asyncio.sleep(1.5)
        assert reader.execute("select count(*) n from order_events").fetchone()["n"] == 1302
    assert await removing == []
    assert tables.schemas == {"projection_2"}


async def test_the_projector_removes_the_former_tables_by_itself(projected, tables, rebuild_tables):
    await rebuild_tables()
    wait_until(lambda: tables.schemas == {"projection_2"}, 30, "projection_1 is removed")
    wait_until(lambda: "tables removed" in projected.log, 30, "it says so")


async def test_of_two_rebuilds_at_once_one_is_refused(projected, tables, rebuild_tables):
    refusals = []

    def start_another(_done, _total):
        with ThreadPoolExecutor(1) as thread, pytest.raises(RebuildUnderWay) as refused:
            thread.submit(asyncio.run, rebuild_tables()).result()
        refusals.append(str(refused.value))

    await rebuild_tables(start_another)
    assert "is under way: wait" in refusals[0]
    assert tables.pointer["schema_name"] == "projection_2"


async def test_one_that_comes_too_late_replaces_nothing(projected, tables, rebuild_tables):
    await rebuild_tables(only="projection_1")
    with pytest.raises(RebuildUnderWay, match="the tables of projection_1 were replaced"):
        await rebuild_tables(only="projection_1")
    assert tables.pointer["schema_name"] == "projection_2"


async def test_one_that_fails_leaves_nothing(projected, tables, rebuild_tables):
    def fail(_done, _total):
        raise ConnectionError("the line is cut")

    with pytest.raises(ConnectionError):
        await rebuild_tables(fail)
    assert tables.schemas == {"projection_1"}
    assert projected.log.count("lease taken") == 1


async def test_what_a_dead_one_left_is_removed_even_when_its_connection_stands_still(
    projected, tables, rebuild_tables
):
    with psycopg.connect(tables.url, application_name=WRITER) as still:
        still.execute("create schema projection_7")
        still.execute("create table projection_7.orders (order_id text)")
        still.commit()
        still.execute("insert into projection_7.orders values ('half')")
        assert (await rebuild_tables()).schema == "projection_2"
        with pytest.raises(psycopg.OperationalError):
            still.execute("select")
    assert "projection_7" not in tables.schemas


@pytest.mark.parametrize(
    "loss", ["delete from order_events where seq = 7", "truncate order_events"]
)
async def test_numbers_that_are_lost_begin_anew(projected, log, tables, rebuild_tables, loss):
    assert projected.stop() == 0
    epoch = tables.pointer["epoch"]
    tables.run(loss)
    rebuilt = await rebuild_tables()
    assert not rebuilt.numbers_kept
    assert tables.pointer["epoch"] == rebuilt.epoch != epoch
    assert isinstance(rebuilt.epoch, UUID)
    assert tables.head == 1302
    tables.assert_counts_agree()
    assert len(tables.schemas) == 2


async def test_a_log_that_is_not_that_of_the_tables_is_refused(projected, tables, rebuild_tables):
    assert projected.stop() == 0
    tables.run("update projection_offsets set next_offset = 5000 where partition = 1")
    with pytest.raises(WrongTopic, match="belong to another log"):
        await rebuild_tables()
    assert tables.schemas == {"projection_1"}


async def test_the_rebuilt_tables_tell_what_the_log_tells(
    log, tables, start, environment, rebuild_tables
):
    start(environment | SMALL)
    await log.append(*lives(300), *lives(100)[:200])
    rebuilt = await rebuild_tables()
    tables.wait_for(head=1100)
    assert rebuilt.numbers_kept
    await log.assert_told_by(tables)


async def test_tables_of_an_empty_log_are_rebuilt_too(tables, rebuild_tables):
    epoch = tables.pointer["epoch"]
    rebuilt = await rebuild_tables()
    assert (rebuilt.records, rebuilt.epoch) == (0, epoch)
    assert tables.pointer["schema_name"] == "projection_2"
