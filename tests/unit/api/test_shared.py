"""Many who ask at once share an answer, but never one that is older than their question."""

import asyncio

import pytest

from api.ports import LogAway, Misconfigured
from api.shared import Shared


class Oracle:
    """Answers how often it was asked; each answer waits until it is let go."""

    def __init__(self):
        self.asked = 0
        self.error = None
        self._go = asyncio.Semaphore(0)

    async def ask(self):
        self.asked += 1
        number = self.asked
        await self._go.acquire()
        if self.error:
            raise self.error
        return number

    def go(self):
        self._go.release()


async def begun(*answers):
    tasks = [asyncio.create_task(answer) for answer in answers]
    await asyncio.sleep(0)
    return tasks


async def test_who_comes_while_it_is_asked_shares_the_next_question():
    oracle = Oracle()
    shared = Shared(oracle.ask)
    [first] = await begun(shared.answer())
    later = await begun(*(shared.answer() for _ in range(5)))
    oracle.go()
    oracle.go()
    assert await first == 1
    assert await asyncio.gather(*later) == [2] * 5
    assert oracle.asked == 2


async def test_a_question_whose_asker_left_is_asked_again_for_the_others():
    oracle = Oracle()
    shared = Shared(oracle.ask)
    [first] = await begun(shared.answer())
    second, third = await begun(shared.answer(), shared.answer())
    oracle.go()
    assert await first == 1
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    oracle.go()
    oracle.go()
    assert await third == 3


@pytest.mark.parametrize("kind", [LogAway, Misconfigured])
async def test_a_failure_is_shared_too(kind):
    oracle = Oracle()
    shared = Shared(oracle.ask)
    [first] = await begun(shared.answer())
    later = await begun(shared.answer(), shared.answer())
    oracle.error = kind("away")
    oracle.go()
    oracle.go()
    for task in (first, *later):
        with pytest.raises(kind, match="away"):
            await task
    assert oracle.asked == 2
