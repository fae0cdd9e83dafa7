"""Many who ask for one order each share a question."""

import asyncio

import pytest

from api.batches import Batches
from api.ports import ReadModelAway
from api.rows import Found
from orders.topics import partition_of

PARTITIONS = 4


class Rows:
    """Answers with the order's id in capitals, when it is let."""

    def __init__(self):
        self.asked = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.away = False

    async def read(self, order_ids):
        self.asked.append(set(order_ids))
        self.begun.set()
        await self.go_on.wait()
        if self.away:
            raise ReadModelAway("it is away")
        found = {name: name.upper() for name in order_ids if name != "missing"}
        return Found(found, {number: 10 + number for number in range(PARTITIONS)})


@pytest.fixture
def rows():
    return Rows()


@pytest.fixture
def batches(rows):
    return Batches(rows.read, PARTITIONS)


async def asked(batches, rows, *order_ids):
    """Begin to ask for one order, then, while that is under way, for the others."""
    tasks = [asyncio.create_task(batches.of(order_ids[0]))]
    await rows.begun.wait()
    tasks += [asyncio.create_task(batches.of(order_id)) for order_id in order_ids[1:]]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_whoever_asks_meanwhile_shares_the_next_question(batches, rows):
    tasks = await asked(batches, rows, "a", "b", "c", "b", "missing")
    rows.go_on.set()
    seen = await asyncio.gather(*tasks)
    assert [one.found for one in seen] == ["A", "B", "C", "B", None]
    assert rows.asked[0] == {"a"}
    assert rows.asked[1] >= {"b", "c", "missing"}
    assert len(rows.asked) == 2
    assert seen[-1].next_offset == 10 + partition_of("missing", PARTITIONS)


async def test_a_failure_is_shared_too(batches, rows):
    rows.away = True
    tasks = await asked(batches, rows, "a", "b", "c")
    rows.go_on.set()
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in errors] == [ReadModelAway] * 3
    assert len(rows.asked) == 2


async def test_one_that_leaves_takes_nobody_with_it(batches, rows):
    tasks = await asked(batches, rows, "a", "b")
    tasks[0].cancel()
    rows.go_on.set()
    assert (await tasks[1]).found == "B"
