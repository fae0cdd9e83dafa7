"""What comes one by one goes on together."""

import asyncio
from datetime import timedelta

import pytest

from runtime.pulse import Pulse

LONG = timedelta(hours=1)
SHORT = timedelta(milliseconds=20)


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_comes_first_goes_on_at_once_with_all_who_come_at_the_same_moment():
    pulse = Pulse(LONG)
    async with asyncio.timeout(5):
        await asyncio.gather(*(pulse.wait() for _ in range(10)))


async def test_who_comes_soon_after_waits_and_goes_on_with_the_others_in_turn():
    pulse, passed = Pulse(SHORT), []
    loop = asyncio.get_running_loop()

    async def pass_through(name):
        await pulse.wait()
        passed.append((name, loop.time()))

    await pass_through("first")
    opened = passed.pop()[1]
    async with asyncio.timeout(5):
        await asyncio.gather(*(pass_through(name) for name in "abc"))
    assert [name for name, _ in passed] == ["a", "b", "c"]
    # The loop's timers may be early by its resolution.
    assert passed[0][1] - opened > SHORT.total_seconds() * 0.9
    assert passed[-1][1] - passed[0][1] < SHORT.total_seconds()


async def test_it_opens_again_for_those_who_come_when_it_has_opened():
    pulse = Pulse(SHORT)
    async with asyncio.timeout(5):
        for _ in range(3):
            await asyncio.gather(pulse.wait(), pulse.wait())


async def test_who_gives_up_keeps_nobody_from_going_on():
    pulse = Pulse(SHORT)
    await pulse.wait()
    first, second = asyncio.create_task(pulse.wait()), asyncio.create_task(pulse.wait())
    await settle()
    first.cancel()
    async with asyncio.timeout(5):
        await second
    with pytest.raises(asyncio.CancelledError):
        await first
