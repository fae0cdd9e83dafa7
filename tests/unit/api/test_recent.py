"""Who follows the feed over HTTP is told what the tables tell, and they are read once for all."""

import asyncio
import json
import random
from contextlib import aclosing

import pytest

from api import recent, streams
from api.feed import FeedReader
from api.hub import Hub
from api.ports import Picked
from api.streams import Streams, Stretch
from tests.support.api_log import MemoryLog
from tests.support.api_memory import MemoryReadModel
from tests.support.builders import ORDER_ID, executed, placed, routed
from tests.support.log import eventually

NAMES = [f"{number:08x}{ORDER_ID[8:]}" for number in range(20)]
LAST = 4 * len(NAMES)
PICKS = [
    Picked(),
    Picked(superseded=True),
    Picked(order_id=NAMES[3], superseded=True),
    Picked(user_id="ann"),
    Picked(user_id="nobody"),
    Picked(types=("OrderExecuted",), user_id="bob"),
]


class World:
    def __init__(self):
        self.log = MemoryLog()
        self.read_model = MemoryReadModel(self.log)
        self.read_model.window = 5
        reader = FeedReader(self.read_model, Hub(2), print)
        self.progress = reader.progress
        self.streams = Streams(self.read_model, self.progress)
        self.reading = asyncio.create_task(reader.run())

    def happens(self, *events):
        self.log.write(*events)
        self.read_model.project()

    def story(self):
        """Yield what happens to all orders, each event alone, some of them twice."""
        for number, name in enumerate(NAMES):
            user_id = ("ann", "bob", None)[number % 3]
            yield placed(order_id=name, user_id=user_id)
            yield routed(2, order_id=name, execution_id=f"{name}:1")
            yield routed(2, order_id=name, execution_id=f"{name}:1", event_id=f"late {number}")
            yield executed(3, order_id=name)

    async def tables(self, picked):
        """Return what the tables tell, all of it."""
        told = []
        async for piece in (await self.streams.open(Stretch(picked))).pieces:
            told += piece.records
        return told

    async def follow(self, picked, after, pause, last=LAST):
        """Follow up to the last event of the story, as fast as the client takes it."""
        told = []
        opened = await self.streams.open(Stretch(picked, after, None, follow=True))
        async with aclosing(opened.pieces) as pieces:
            async for piece in pieces:
                told += piece.records
                if piece.upto >= last:
                    return told
                await asyncio.sleep(pause)
        return None


@pytest.fixture
async def world(monkeypatch):
    for name, value in (("MOST", 12), ("AT_ONCE", 4), ("AHEAD", 6)):
        monkeypatch.setattr(recent, name, value)
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.02)
    one = World()
    yield one
    one.reading.cancel()
    await asyncio.gather(one.reading, return_exceptions=True)


@pytest.mark.parametrize("seed", range(5))
async def test_the_union_of_what_was_and_what_comes_is_the_log(world, seed):
    chance = random.Random(seed)
    following = []
    for number, event in enumerate(world.story(), 1):
        world.happens(event)
        if chance.random() < 0.3:
            picked, after = chance.choice(PICKS), chance.randrange(number + 5)
            pause = chance.choice([0, 0, 0.002, 0.02])
            following.append(
                (picked, after, asyncio.create_task(world.follow(picked, after, pause)))
            )
        await asyncio.sleep(chance.choice([0, 0, 0.001]))
    for picked, after, task in following:
        told = await asyncio.wait_for(task, 10)
        assert told == [one for one in await world.tables(picked) if one.seq > after]
        assert all(json.loads(one.text)["seq"] == one.seq for one in told)


async def test_those_who_are_at_the_head_are_told_by_one_reading(world):
    model, story = world.read_model, list(world.story())
    world.happens(*story[:30])
    following = [asyncio.create_task(world.follow(Picked(), 30, 0)) for _ in range(50)]

    async def all_wait():
        begun = world.streams._recent._end == 30
        return begun and len(world.progress._waiting) == len(following)

    await eventually(all_wait)
    before = model.records_read
    for event in story[30:]:
        world.happens(event)
        await asyncio.sleep(0)
    told = await asyncio.gather(*following)
    assert all(one == told[0] for one in told)
    assert model.records_read - before < 50
    assert model.news_read < 500


async def test_who_waits_for_what_is_far_off_spoils_it_for_nobody(world):
    story = list(world.story())
    world.happens(*story[:30])
    far = asyncio.create_task(world.follow(Picked(), 10**9, 0, 10**10))
    near = [asyncio.create_task(world.follow(Picked(), 30, 0)) for _ in range(3)]
    await asyncio.sleep(0.1)
    before = world.read_model.records_read
    for event in story[30:]:
        world.happens(event)
        await asyncio.sleep(0.001)
    assert [one.seq for one in (await asyncio.gather(*near))[0]][-1] == len(story)
    assert not far.done()
    assert world.read_model.records_read - before < len(story)
    far.cancel()
