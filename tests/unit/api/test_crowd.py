"""How many sockets one has at once: in this process, and in several that share a store."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from api.crowd import PERIOD_S, YOUNG_S, Crowd
from api.errors import Refusal
from api.store import Store
from tests.support.builders import T0
from tests.support.log import eventually
from tests.support.storages import Broken, storage


class World:
    """Processes that count in one store, and the time they go by."""

    def __init__(self, limit=3, *, shared=True, kept=None):
        self._about = Store(kept or storage(), shared=shared), limit
        self.now = T0 + timedelta(seconds=YOUNG_S)

    def process(self):
        store, limit = self._about
        return Process(Crowd(store, limit, lambda: self.now, ""))

    def later(self, seconds):
        self.now += timedelta(seconds=seconds)


class Process:
    def __init__(self, crowd):
        self.crowd = crowd
        self.open = []
        self.refusals = []

    async def opens(self, count=1, who="ann"):
        """Open so many sockets; return how many were let in."""
        before = len(self.open)
        for _ in range(count):
            stack = AsyncExitStack()
            try:
                await stack.enter_async_context(self.crowd.member(who))
            except Refusal as refusal:
                self.refusals.append(refusal.kind.error)
            else:
                self.open.append(stack)
        return len(self.open) - before

    async def closes(self, count=1):
        for _ in range(count):
            await self.open.pop().aclose()

    async def counts(self):
        """Count anew, as it does in each period by itself."""
        await self.crowd._count(self.crowd._period()[0])


@pytest.mark.parametrize("shared", [True, False])
async def test_one_process_lets_in_as_many_as_may_be(shared):
    process = World(shared=shared).process()
    assert await process.opens(5) == 3
    assert await process.opens(5, "bob") == 3
    await process.closes(4)
    assert await process.opens(5) == 1


async def test_whoever_was_refused_is_not_counted():
    process = World(shared=False).process()
    assert await process.opens(9) == 3
    assert process.refusals == ["RATE_LIMITED"] * 6
    await process.closes(3)
    assert process.crowd._here == {}
    assert await process.opens(9) == 3


async def test_without_a_limit_nobody_is_counted():
    process = World(limit=0, kept=Broken()).process()
    assert await process.opens(100) == 100


async def test_processes_count_together():
    world = World()
    one, other = world.process(), world.process()
    assert (await one.opens(2), await other.opens(2)) == (2, 1)
    await one.closes(1)
    assert await other.opens(2) == 1


@pytest.mark.parametrize("young", [0.0, YOUNG_S])
async def test_a_new_period_forgets_nobody(young):
    world = World()
    one, other = world.process(), world.process()
    assert (await one.opens(2), await other.opens(1)) == (2, 1)
    world.later(PERIOD_S - YOUNG_S + young)
    if young:
        await one.counts()
    assert await other.opens(1) == 0
    await one.closes(1)
    assert (await other.opens(2), await one.opens(2)) == (1, 0)


async def test_those_of_a_process_that_was_killed_are_forgotten():
    world = World()
    killed, other = world.process(), world.process()
    assert (await killed.opens(2), await other.opens(2)) == (2, 1)
    world.later(PERIOD_S)
    assert await other.opens(2) == 2


async def test_while_the_store_is_away_each_process_counts_its_own(caplog):
    world = World(kept=Broken(OSError("gone")))
    one, other = world.process(), world.process()
    assert (await one.opens(5), await other.opens(5)) == (3, 3)
    assert caplog.text.count("is away") == 1


async def test_a_store_that_lost_everything_is_told_again():
    kept = storage()
    world = World(kept=kept)
    one, other = world.process(), world.process()
    assert await one.opens(2) == 2
    await kept.reset()
    world.later(PERIOD_S)
    await one.counts()
    assert await other.opens(3) == 1


async def test_it_counts_anew_by_itself(monkeypatch):
    monkeypatch.setattr("api.crowd.PERIOD_S", 0.01)
    kept = storage()
    process = World(kept=kept).process()
    await process.opens(2)
    await kept.reset()
    process.crowd._counted_in = None
    counting = asyncio.create_task(process.crowd.run())

    async def counted():
        return 2 in kept.storage.values()

    assert await eventually(counted, 5)
    counting.cancel()
