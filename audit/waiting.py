"""Waiting until an engine has come to rest: nothing open, nothing left to project."""

import asyncio
from datetime import timedelta

from audit.errors import Unreadable
from audit.log import open_log
from audit.tables import open_tables
from audit.verify import Sources

_PAUSE_S = 0.5


async def come_to_rest(sources: Sources, patience: timedelta) -> bool:
    """Return whether nothing is open and the tables are at the log's end, in time or at all.

    Quarantined orders are not waited for. Servers that are away are asked again until then.
    """
    deadline = asyncio.get_running_loop().time() + patience.total_seconds()
    while True:
        left = deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(left, _PAUSE_S)):
                if await _is_at_rest(sources):
                    return True
        except (Unreadable, TimeoutError):
            if left <= 0:
                return False
        if left <= 0:
            return False
        await asyncio.sleep(min(left, _PAUSE_S))


async def _is_at_rest(sources: Sources) -> bool:
    async with open_log(sources.kafka, sources.topic) as log:
        ends = {span.partition: span.end for span in await log.whole()}
    async with open_tables(sources.database_url) as tables:
        caught_up = all(tables.next_offsets.get(number, 0) >= ends[number] for number in ends)
        return caught_up and not await tables.unfinished()
