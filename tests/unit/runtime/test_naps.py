"""Many sleep by few timers, each about as long as it asked for."""

import asyncio
from datetime import timedelta

import pytest

from runtime.naps import Naps

STEP = timedelta(milliseconds=20)
FINE = timedelta(milliseconds=1)
HALF_S = STEP.total_seconds() / 2
# The loop's timers may be early by its resolution.
EARLY_S = 0.002


async def napped(naps, seconds):
    loop = asyncio.get_running_loop()
    began = loop.time()
    await naps.sleep(seconds)
    return loop.time() - began


@pytest.mark.parametrize("seconds", [0.05, 0.061])
async def test_a_nap_takes_as_long_as_it_was_asked_for_but_for_half_a_step(seconds):
    assert await napped(Naps(STEP), seconds) >= seconds - HALF_S - EARLY_S


async def test_a_long_nap_takes_as_long_as_it_was_asked_for_but_for_a_twentieth():
    assert await napped(Naps(FINE), 0.2) >= 0.2 * 0.95 - EARLY_S


async def test_the_longer_naps_are_the_more_of_them_end_together():
    naps = Naps(FINE)
    # At a tenth of them or less, by powers of two: 16 ms.
    asleep, waves = {naps.sleep(0.2 + number / 1_000) for number in range(40)}, 0
    while asleep:
        _, asleep = await asyncio.wait(asleep, return_when=asyncio.FIRST_COMPLETED)
        waves += 1
    assert waves <= 1 + 40 / 16 + 1


async def test_a_nap_that_is_shorter_than_a_step_ends_too():
    assert await napped(Naps(STEP), 0) >= 0


async def test_the_shorter_nap_ends_first_and_naps_of_one_step_end_together():
    naps, ended = Naps(STEP), []

    async def nap(seconds):
        await naps.sleep(seconds)
        ended.append(seconds)

    long = asyncio.create_task(nap(0.1))
    await asyncio.gather(nap(0.02), nap(0.02))
    assert ended == [0.02, 0.02]
    await long
    assert ended == [0.02, 0.02, 0.1]


async def test_whoever_is_cancelled_holds_up_no_other():
    naps = Naps(STEP)
    cancelled, other = naps.sleep(0.02), naps.sleep(0.02)
    cancelled.cancel()
    await other
    assert cancelled.cancelled()
