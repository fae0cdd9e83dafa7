"""`engine verify --wait`: first until nothing is open, and no good word where that never comes."""

import asyncio

import pytest

from tests.integration.audit.world import SETTLED, routed
from tests.support import builders

pytestmark = pytest.mark.integration

NO_REST = "There was no rest within 0.3 s"


async def test_waiting_for_the_last_order(world, fresh_id):
    await world.tell((0, world.placed(fresh_id)), (1, routed(fresh_id)))
    world.land(f"{fresh_id}:1", **SETTLED)
    await world.project()
    answer = await world.verified("--wait", "0.3")
    assert answer.blames(fresh_id, "I3")
    assert NO_REST in answer.output
    waiting = asyncio.create_task(world.verified("--wait", "60"))
    await world.tell((2, builders.executed(3, order_id=fresh_id)))
    await world.project()
    answer = await waiting
    assert (answer.code, answer.told["atRest"]) == (0, True)


async def test_tables_that_stopped_are_no_rest_although_all_ten_hold(world):
    await world.live()
    answer = await world.verified("--wait", "0.3")
    assert (answer.code, answer.broken) == (1, {})
    assert (answer.told["atRest"], answer.told["lag"]) == (False, 3)
    told = await world.verified("--wait", "0.3", as_json=False)
    assert (told.code, NO_REST in told.output) == (1, True)
    unasked = await world.verified()
    assert (unasked.code, "atRest" in unasked.told) == (0, False)


async def test_an_open_order_is_no_rest_although_all_ten_hold(world, fresh_id):
    late = world.at(200)
    await world.tell((100, world.placed(fresh_id, not_after=late)))
    await world.project()
    answer = await world.verified("--wait", "0.3")
    assert (answer.code, answer.broken, answer.told["open"]) == (1, {}, {"in flight": 1})
