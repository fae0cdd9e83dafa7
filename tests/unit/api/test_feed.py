"""The reader of the feed, and who hears what."""

import asyncio

import pytest

from api.feed import FeedReader
from api.hub import Closing, Hub
from api.ports import ReadModelAway
from orders.errors import NewerSchema
from orders.topics import partition_of
from tests.support.api_log import PARTITIONS, MemoryLog
from tests.support.api_memory import MemoryReadModel
from tests.support.builders import ORDER_ID, executed, placed, routed

OTHER_ID = ORDER_ID.replace("0d5e", "1111")


class World:
    def __init__(self):
        self.log = MemoryLog()
        self.read_model = MemoryReadModel(self.log)
        self.failed = asyncio.get_running_loop().create_future()
        self.reader = FeedReader(self.read_model, Hub(2), self.failed.set_result, pause_s=0.01)
        self.hub = self.reader.hub

    def happens(self, *events):
        self.log.write(*events)
        self.read_model.project()


@pytest.fixture
async def world():
    one = World()
    running = asyncio.create_task(one.reader.run())
    yield one
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def versions(subscription, count):
    async with asyncio.timeout(5):
        return [(await subscription.next()).version for _ in range(count)]


async def test_a_follower_of_an_order_hears_its_changes_in_order(world):
    with world.hub.follow_order(ORDER_ID) as subscription:
        await world.reader.attached()
        world.happens(placed(), placed(order_id=OTHER_ID))
        world.happens(routed(2), routed(2, event_id="late"))
        assert await versions(subscription, 2) == [1, 2]
        world.happens(executed(3))
        assert await versions(subscription, 1) == [3]


async def test_a_follower_of_a_user_hears_of_all_their_orders(world):
    with world.hub.follow_user("alice") as subscription:
        await world.reader.attached()
        world.happens(placed(user_id="alice"), placed(order_id=OTHER_ID, user_id="bob"))
        world.happens(routed(2))
        assert await versions(subscription, 2) == [1, 2]


async def test_what_was_before_the_subscription_is_not_told(world):
    world.happens(placed())
    with world.hub.follow_order(ORDER_ID) as subscription:
        await world.reader.attached()
        world.happens(routed(2))
        assert await versions(subscription, 1) == [2]


async def test_a_slow_follower_is_dropped_and_nobody_else_feels_it(world):
    with (
        world.hub.follow_order(ORDER_ID) as slow,
        world.hub.follow_order(ORDER_ID) as quick,
    ):
        await world.reader.attached()
        world.happens(placed(), routed(2))
        assert await versions(quick, 2) == [1, 2]
        world.happens(executed(3))
        assert await versions(quick, 1) == [3]
        assert await asyncio.wait_for(slow.ended, 5) == Closing.TOO_SLOW
        assert not quick.ended.done()


async def test_nobody_waits_for_a_projection_that_is_away(world):
    world.read_model.away = True
    with world.hub.follow_order(ORDER_ID), pytest.raises(ReadModelAway):
        await world.reader.attached()


async def test_a_follower_misses_nothing_while_the_projection_is_away(world):
    with world.hub.follow_order(ORDER_ID) as subscription:
        await world.reader.attached()
        world.read_model.away = True
        world.happens(placed())
        with pytest.raises(ReadModelAway):
            await world.reader.attached()
        world.read_model.away = False
        assert await versions(subscription, 1) == [1]


async def test_followers_start_over_when_the_numbering_does(world):
    with world.hub.follow_order(ORDER_ID) as subscription:
        await world.reader.attached()
        world.read_model.epoch = "two"
        world.happens(placed())
        assert await asyncio.wait_for(subscription.ended, 5) == Closing.RESTART


async def test_a_log_of_a_newer_engine_stops_the_process(world):
    async def newer(*_):
        raise NewerSchema(2, 1)

    with world.hub.follow_order(ORDER_ID):
        await world.reader.attached()
        world.read_model.changes = newer
        world.happens(placed())
        assert "upgrade" in await asyncio.wait_for(world.failed, 5)


async def test_what_cannot_be_read_ends_the_subscriptions_not_the_reader(world, caplog):
    changes = world.read_model.changes

    async def broken(*_):
        world.read_model.changes = changes
        raise ZeroDivisionError

    with world.hub.follow_order(ORDER_ID) as subscription:
        await world.reader.attached()
        world.read_model.changes = broken
        world.happens(placed())
        assert await asyncio.wait_for(subscription.ended, 5) == Closing.RESTART
        await world.reader.attached()
    assert "feed starts over" in caplog.text


@pytest.mark.parametrize("turns", range(8))
async def test_it_ends_also_when_it_is_woken_at_the_same_moment(turns):
    reader = World().reader
    running = asyncio.create_task(reader.run())
    waiting = asyncio.create_task(reader.progress.passed(0, 0.001))
    await waiting
    again = asyncio.create_task(reader.progress.passed(0, 60))
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    again.cancel()
    _, endless = await asyncio.wait({running, again}, timeout=1)
    assert not endless


async def test_a_read_can_wait_until_the_projection_is_there(world):
    progress = world.reader.progress
    assert not await progress.reached(0, 1, 0.05)
    waiting = asyncio.create_task(progress.reached(partition_of(ORDER_ID, PARTITIONS), 1, 5))
    await asyncio.sleep(0.05)
    world.happens(placed())
    assert await waiting
    assert progress.empty
