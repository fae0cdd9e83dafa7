"""How a batch comes together while the one before it is written."""

import asyncio
from collections import deque
from datetime import timedelta

from orders.admission import marker
from projections.ahead import Ahead

PATIENCE = timedelta(seconds=1)


class FetchedLog:
    """Hands over one fetch after the other; those behind a wait come only to who has patience."""

    def __init__(self, *fetches):
        self._fetches = deque(fetches)

    async def read(self, most, patience):
        if self._fetches and self._fetches[0] == "later":
            self._fetches.popleft()
            if not patience:
                return []
        return [marker(0, offset) for offset in self._fetches.popleft()] if self._fetches else []


def offsets(ahead):
    return [reading.record.offset for reading in ahead.readings]


async def begun(*fetches, most=100):
    ahead = Ahead(FetchedLog(*fetches), {0: 0}, most)
    await ahead.begin(PATIENCE)
    return ahead


async def test_what_comes_to_a_writer_at_rest_waits_for_no_more():
    ahead, rested = await begun([0], [1, 2]), asyncio.Event()
    rested.set()
    await ahead.fill(rested)
    assert offsets(ahead) == [0]
    assert ahead.following == {0: 1}


async def test_what_comes_while_the_batch_before_is_written_comes_along():
    ahead, rested = await begun([0], "later", [1], "later", [2, 3, 4]), asyncio.Event()
    filling = asyncio.create_task(ahead.fill(rested))
    await asyncio.sleep(0)
    assert not filling.done()
    rested.set()
    await filling
    assert offsets(ahead) == [0, 1, 2, 3, 4]


async def test_a_full_batch_waits_for_nobody():
    ahead = await begun([0, 1], [2, 3], [4], most=4)
    await ahead.fill(asyncio.Event())
    assert offsets(ahead) == [0, 1, 2, 3]


async def test_nothing_at_all_is_told_at_once():
    ahead = await begun()
    await ahead.fill(asyncio.Event())
    assert offsets(ahead) == []
