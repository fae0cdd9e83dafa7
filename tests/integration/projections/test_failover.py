"""Several projectors: one writes, and when it dies or stands still another goes on where it was."""

import asyncio
import signal
import time

import pytest

from tests.integration.projections.conftest import lives
from tests.support.servers import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

SMALL = {"ENGINE_PROJECTOR_BATCH": "50", "ENGINE_PROJECTOR_LINGER_MS": "20"}
EVENTS = 6000


@pytest.fixture
async def pair(log, start, environment):
    """Return an active projector and one that stands by, with work before them."""
    await log.append(*lives(EVENTS // 3))
    active = start(environment | SMALL)
    standby = start(environment | SMALL, "projector-2")
    return active, standby


def wait_for_progress(tables, events=500, timeout=20):
    goal = min(tables.head + events, EVENTS)
    wait_until(lambda: tables.head >= goal, timeout, f"{goal} events are projected")


async def assert_all_there(log, tables):
    wait_until(lambda: tables.head >= EVENTS, 40, "the whole log is projected")
    report = await log.assert_told_by(tables)
    assert report.figures.orders == EVENTS // 3


async def test_one_writes_and_the_other_stands_by(pair, log, tables):
    active, standby = pair
    await assert_all_there(log, tables)
    assert "lease taken" in active.log
    assert "standing by" in standby.log
    assert "lease taken" not in standby.log
    assert tables.lease["holder"].startswith("projector-1@")


async def test_a_killed_projector_is_replaced_within_5_seconds(pair, log, tables):
    active, standby = pair
    wait_for_progress(tables)
    active.kill()
    begun, done = time.monotonic(), tables.head
    assert done < EVENTS
    standby.wait_until_said("lease taken")
    wait_for_progress(tables, 1)
    assert time.monotonic() - begun < 5
    await assert_all_there(log, tables)


async def test_projectors_that_are_killed_again_and_again_lose_and_double_nothing(
    pair, log, tables, start, environment
):
    alive = list(pair)
    for number in range(3, 7):
        wait_for_progress(tables, 100)
        holder = tables.lease["holder"].split("@")[0]
        victim = next(one for one in alive if one.log_file.stem == holder)
        victim.kill()
        alive.remove(victim)
        alive.append(start(environment | SMALL, f"projector-{number}"))
    await assert_all_there(log, tables)


async def test_one_that_stands_still_is_replaced_and_writes_nothing_when_it_wakes(
    pair, log, tables
):
    active, standby = pair
    wait_for_progress(tables)
    active.send(signal.SIGSTOP)
    begun = time.monotonic()
    assert tables.head < EVENTS
    standby.wait_until_said("lease taken")
    wait_for_progress(tables, 1)
    assert time.monotonic() - begun < 6
    active.send(signal.SIGCONT)
    active.wait_until_said("standing by")
    assert active.log.count("lease taken") == 1
    await assert_all_there(log, tables)
    assert tables.lease["epoch"] == 2


async def test_one_that_is_alone_goes_on_after_it_stood_still(log, tables, start, environment):
    await log.append(*lives(EVENTS // 3))
    alone = start(environment | SMALL, ENGINE_PROJECTOR_LEASE_MS="500")
    for _ in range(3):
        wait_for_progress(tables, 200)
        alone.send(signal.SIGSTOP)
        await asyncio.sleep(1.5)
        alone.send(signal.SIGCONT)
    await assert_all_there(log, tables)


async def test_a_clean_stop_hands_over_at_once(pair, log, tables):
    active, standby = pair
    wait_for_progress(tables)
    begun = time.monotonic()
    assert active.stop() == 0
    standby.wait_until_said("lease taken", 2)
    assert time.monotonic() - begun < 2
    await assert_all_there(log, tables)


async def test_a_standby_stops_cleanly_and_nobody_notices(pair, log, tables):
    _, standby = pair
    assert standby.stop() == 0
    await assert_all_there(log, tables)
    assert tables.lease["epoch"] == 1
