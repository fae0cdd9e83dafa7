"""Calls are bounded in time, and only those that take too long."""

import asyncio
from contextlib import suppress

import pytest

from runtime.patience import Patience

ENDLESS = 3600
SHORT = 0.02


async def answer(value):
    return value


async def never():
    await asyncio.Event().wait()


async def bounded(patience, call):
    with patience.bounded():
        return await call


async def test_an_answer_that_comes_in_time_is_returned():
    assert await bounded(Patience(ENDLESS), answer(7)) == 7


async def test_what_a_call_raises_is_raised():
    async def refuse():
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await bounded(Patience(ENDLESS), refuse())


async def test_each_of_many_calls_ends_when_its_own_time_is_over():
    patience, loop = Patience(SHORT), asyncio.get_running_loop()

    async def felt(after):
        await asyncio.sleep(after)
        began = loop.time()
        with pytest.raises(TimeoutError):
            await bounded(patience, never())
        return loop.time() - began

    took = await asyncio.gather(*(felt(after) for after in (0, SHORT / 2, 2 * SHORT, 0)))
    # The loop's timers may be early by its resolution.
    assert min(took) > SHORT * 0.9
    assert await bounded(patience, answer(7)) == 7


async def test_a_call_that_is_over_is_interrupted_no_more():
    patience = Patience(SHORT)
    await bounded(patience, answer(7))
    await asyncio.sleep(2 * SHORT)
    with pytest.raises(TimeoutError):
        await bounded(patience, never())


async def test_whoever_was_late_can_wait_again_and_is_not_taken_for_cancelled():
    with pytest.raises(TimeoutError):
        await bounded(Patience(SHORT), never())
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_late_call_that_fails_while_it_ends_is_not_taken_for_cancelled_either():
    async def fail_at_the_end():
        try:
            await never()
        finally:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await bounded(Patience(SHORT), fail_at_the_end())
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_task_that_is_cancelled_is_cancelled_also_when_it_is_late():
    async def linger():
        with suppress(asyncio.CancelledError):
            await never()
        await never()

    waiting = asyncio.create_task(bounded(Patience(SHORT), linger()))
    await asyncio.sleep(2 * SHORT)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_time_that_is_over_outside_ends_what_waits_inside():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(SHORT):
            await bounded(Patience(ENDLESS), never())
