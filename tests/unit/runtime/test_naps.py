"""Many sleep by few timers, each about as long as it asked for."""

import asyncio
from datetime import timedelta

import pytest

from runtime.naps import Naps, step_of

STEP = timedelta(milliseconds=20)
FINE = timedelta(milliseconds=1)
HALF_S = STEP.total_seconds() / 2
# The loop's timers may be early by its resolution.
EARLY_S = 0.002
# How long a busy machine may keep who is due.
BUSY_S = 1.0


async def napped(naps, seconds):
    loop = asyncio.get_running_loop()
    began = loop.time()
    await naps.sleep(seconds)
    return loop.time() - began


@pytest.mark.parametrize("seconds", [0.05, 0.061])
async def test_a_nap_takes_as_long_as_it_was_asked_for_but_for_half_a_step(seconds):
    assert seconds - HALF_S - EARLY_S <= await napped(Naps(STEP), seconds) < seconds + BUSY_S


async def test_a_long_nap_takes_as_long_as_it_was_asked_for_but_for_a_twentieth():
    assert 0.2 * 0.95 - EARLY_S <= await napped(Naps(FINE), 0.2) < 0.2 * 1.05 + BUSY_S


@pytest.mark.parametrize(
    ("seconds", "step"),
    [
        (0, 0.005),
        (0.03, 0.005),
        (0.099, 0.005),
        (0.11, 0.010),
        (0.25, 0.020),
        (1.1, 0.080),
        (600, 0.080),
    ],
)
def test_a_step_is_the_shortest_or_at_most_a_tenth_of_the_nap_and_100_ms(seconds, step):
    assert step_of(seconds, 0.005) == pytest.approx(step)


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
