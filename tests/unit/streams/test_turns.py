"""The partitions of a worker have their turns one after the other."""

import asyncio
from datetime import timedelta
from itertools import pairwise

from streams.assignments import Assignments
from streams.settings import StreamSettings

EVERY = timedelta(milliseconds=200)


class Turns:
    """A partition that is never recovered and tells when it has its turn."""

    live = False

    def __init__(self, told):
        self._told = told

    def end_what_is_over(self):
        self._told.put_nowait((self, asyncio.get_running_loop().time()))

    async def leave(self):
        pass


async def test_partitions_end_what_is_over_one_after_the_other_and_leave_time_between():
    told = asyncio.Queue()

    def new_partition():
        return Turns(told)

    async def crash(error):
        raise error

    assignments = Assignments(StreamSettings(), new_partition, crash, asyncio.Event())
    ending = asyncio.create_task(assignments.end_what_is_over(EVERY))
    await assignments.assign(range(4))
    turns = [await told.get() for _ in range(9)]
    ending.cancel()
    await assignments.close()
    partitions, times = zip(*turns, strict=True)
    assert len(set(partitions[:4])) == 4
    assert partitions[:4] == partitions[4:8]
    assert all(later - earlier > 0.04 for earlier, later in pairwise(times))
