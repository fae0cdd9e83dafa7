"""Work that takes a while, under a right that lasts only so long."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")


async def renewing(
    work: Coroutine[object, object, T], every: timedelta, renew: Callable[[], Awaitable[object]]
) -> T:
    """Return what the work returns; meanwhile call `renew` each time that so long has passed."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=every.total_seconds()))[0]:
            await renew()
        return await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
