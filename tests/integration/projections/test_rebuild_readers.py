"""What the tables' readers see of a rebuild: nothing."""

import asyncio
import uuid
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from api.database import Database
from api.ports import Followed
from api.queries import Queries
from orders.topics import partition_of
from projections.consumer import open_log
from projections.leftovers import remove_former
from projections.rebuild import rebuild
from streams.recovery import read_snapshot
from tests.integration.projections.conftest import lives
from tests.support.builders import executed, routed
from tests.support.log import placement
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

SMALL = {"ENGINE_PROJECTOR_BATCH": "50", "ENGINE_PROJECTOR_LINGER_MS": "20"}
RESTING = str(uuid.UUID(int=1))
HOME = partition_of(RESTING, TEST_PARTITIONS)
ANN = Followed((), ("ann",))


@pytest.fixture
async def rebuilding(log, tables, start, environment, kafka, topics):
    """Return what runs readers while the tables are rebuilt twice and orders come and go."""
    await log.append(placement(RESTING, user_id="ann"), *lives(300))
    start(environment | SMALL)
    tables.wait_for(head=901)

    async def rebuild_twice():
        for _ in range(2):
            for _ in range(5):
                await log.append(*of_ann(20))
            async with open_log(kafka, topics.events, TEST_PARTITIONS) as its_log:
                await rebuild(its_log, tables.url, TEST_PARTITIONS, lambda _done, _total: None)
            assert await remove_former(tables.url, timedelta(milliseconds=10)) == []

    @asynccontextmanager
    async def meanwhile():
        task = asyncio.create_task(rebuild_twice())
        try:
            yield task.done
        finally:
            await task
        assert tables.schemas == {"projection_3"}

    return meanwhile


def of_ann(count):
    ids = [str(uuid.uuid4()) for _ in range(count)]
    return [
        *[placement(order_id, user_id="ann") for order_id in ids],
        *[routed(2, order_id=order_id, execution_id=f"{order_id}:1") for order_id in ids],
        *[executed(3, order_id=order_id) for order_id in ids],
    ]


@pytest.fixture
async def queries(tables):
    database = Database(tables.url, 4)
    await database.open()
    yield Queries(database, TEST_PARTITIONS)
    await database.close()


async def test_every_question_of_the_api_is_answered(rebuilding, queries):
    first, history = await queries.orders([RESTING]), await queries.events(RESTING)
    seen = 0
    async with rebuilding() as over:
        while not over():
            row, events = await queries.orders([RESTING]), await queries.events(RESTING)
            assert row.found == first.found
            assert await queries.unfinished() >= 1
            assert events.found == history.found
            assert first.next_offsets[HOME] <= row.next_offsets[HOME]
            first, seen = row, seen + 1
    assert seen > 20


async def test_a_feed_tells_each_change_once_in_one_epoch(rebuilding, queries, tables):
    now = await queries.changes(None, ANN)
    epoch, after, told = now.epoch, now.upto, []
    async with rebuilding() as over:
        while not over() or now.upto < now.head:
            now = await queries.changes(after, ANN)
            assert now.epoch == epoch
            assert now.upto >= after
            told += [change.seq for change in now.changes]
            after = now.upto
    tables.wait_for(head=901 + 600)
    now = await queries.changes(after, ANN)
    while now.upto > after:
        told += [change.seq for change in now.changes]
        after, now = now.upto, await queries.changes(now.upto, ANN)
    assert told == list(range(902, 1502))


async def test_the_recovery_of_a_partition_finds_it_as_it_is(rebuilding, tables):
    last, seen = 0, 0
    async with rebuilding() as over:
        while not over():
            snapshot = await read_snapshot(tables.url, HOME)
            assert RESTING in snapshot.open
            assert snapshot.next_offset >= last
            last, seen = snapshot.next_offset, seen + 1
    assert seen > 10
