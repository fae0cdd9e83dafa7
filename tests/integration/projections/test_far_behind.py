"""A projector that is far behind: a second process folds most, the tables are as ever."""

import asyncio
from datetime import timedelta
from multiprocessing import active_children

import pytest

from projections import active as catching_up
from projections.active import Active
from projections.consumer import open_log
from projections.dead_letters import DeadLetters
from projections.lease import LeaseLost
from projections.pace import Pace
from projections.store import Store
from runtime.appender import open_appender
from tests.integration.projections.conftest import lives, taken_lease
from tests.support.builders import executed
from tests.support.log import placement, placements
from tests.support.servers import TEST_PARTITIONS, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

BROKEN = "00000000-0000-4000-8000-00000000dead"
POISON = [(partition, b"anything", b"not JSON") for partition in range(TEST_PARTITIONS)]
PATIENCE = timedelta(seconds=5)
HEAD = 600 + 300 + 600 + 2 + 50 + 600


@pytest.fixture
async def backlog(log, monkeypatch):
    """Fill the log; what is superseded, broken and not admitted stands in both shares."""
    monkeypatch.setattr(catching_up, "WORTH_TWO", 100)
    first = lives(200)
    await log.append(*first, *first[:300], *lives(200))
    await log.append(placement(BROKEN), executed(5, order_id=BROKEN))
    tagged = {"user_id": "ann", "tags": ("a", "b")}
    await log.append(*placements(50, **tagged))
    await log.append_records(*POISON)
    await log.append(*lives(200))


@pytest.fixture
def project(kafka, topics, tables):
    """Return what projects until so much is written, at most 100 records at once."""

    async def run(head, ends=asyncio.CancelledError):
        async with (
            open_appender(kafka, PATIENCE) as appender,
            open_log(kafka, topics.events, TEST_PARTITIONS) as log,
            taken_lease(tables.url) as (connection, lease),
        ):
            store = await Store.open(connection, lease, 1000)
            letters, pace = DeadLetters(appender, topics), Pace(100, timedelta(seconds=1))
            active = Active(log, store, lease, letters, pace, tables.url)
            work = asyncio.create_task(active.run(lambda: None))
            await asyncio.to_thread(wait_until, lambda: work.done() or tables.head >= head, 60)
            work.cancel()
            with pytest.raises(ends):
                await work
            await lease.release()

    return run


@pytest.fixture
def taken(monkeypatch):
    """Return how many records came from the second process, batch by batch."""
    batches, take = [], Store.take

    async def counting(store, folded):
        batches.append(len(folded.batch.events))
        return await take(store, folded)

    monkeypatch.setattr(Store, "take", counting)
    return batches


async def test_two_processes_write_what_one_would(backlog, project, log, tables, taken):
    await project(HEAD)
    await log.assert_told_by(tables)
    assert [row["seq"] for row in tables.rows("select seq from order_events order by seq")] == [
        *range(1, HEAD + 1)
    ]
    assert len(await log.dead_letters()) == len(POISON)
    assert len(taken) > 5
    theirs = tables.rows("select count(*) n from order_events where mod(partition, 4) > 0")
    assert sum(taken) == theirs[0]["n"]


async def test_what_a_killed_one_has_not_folded_the_other_does(
    backlog, project, log, tables, monkeypatch, taken
):
    take = Store.take

    async def killing(store, folded):
        for process in active_children():
            process.kill()
        return await take(store, folded)

    monkeypatch.setattr(Store, "take", killing)
    await project(HEAD)
    await log.assert_told_by(tables)
    assert 0 < sum(taken) < HEAD / 2


async def test_the_next_projector_goes_on_where_the_former_ended(
    backlog, project, log, tables, monkeypatch, taken
):
    take = Store.take

    async def losing(store, folded):
        if len(taken) == 3:
            raise LeaseLost("another has it")
        return await take(store, folded)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "take", losing)
        await project(HEAD, ends=LeaseLost)
    assert not active_children()
    assert 0 < tables.head < HEAD
    await project(HEAD)
    await log.assert_told_by(tables)
