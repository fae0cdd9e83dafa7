"""I9 and I10 broken on real servers: what landed without an order, or against what it became."""

import pytest

from tests.integration.audit.world import PLANTED, SETTLED, answer_of, routed
from tests.support import builders

pytestmark = pytest.mark.integration


async def test_i9_an_execution_that_nobody_resolved(world, fresh_id):
    failed = builders.failed(3, order_id=fresh_id)
    await world.tell((0, world.placed(fresh_id)), (1, routed(fresh_id)), (2, failed))
    assert (await answer_of(world)).blames(fresh_id, "I9")


async def test_i9_a_settlement_of_an_order_that_failed(world, fresh_id):
    world.land(f"{fresh_id}:1", **SETTLED)
    failed = builders.failed(3, order_id=fresh_id)
    await world.tell((0, world.placed(fresh_id)), (1, routed(fresh_id)), (2, failed))
    assert (await answer_of(world)).blames(fresh_id, "I9")


async def test_i9_a_settlement_that_was_tried_again(world):
    order_id = await world.live_twice()
    world.alter_ledger(
        "update chain_ledger set status = 'settled', "
        "(signature, executed_price, amount_in, amount_out, fee) = ('6', 1, 1, 1, 1) "
        "where execution_id = '{id}:1'",
        order_id,
    )
    assert (await answer_of(world)).blames(order_id, "I1", "I9")


async def test_i9_a_settlement_that_the_log_never_sent(world, fresh_id):
    await world.live()
    world.land(f"{fresh_id}:1", **SETTLED)
    assert (await answer_of(world)).blames(fresh_id, "I9")


async def test_i10_a_late_placement_that_was_executed(world, fresh_id):
    await world.live()
    await world.tell((10.001, world.placed(fresh_id)))
    world.land(f"{fresh_id}:1", **SETTLED)
    assert (await answer_of(world)).blames(fresh_id, "I10")


async def test_i10_a_late_placement_that_was_taken_up(world, fresh_id):
    await world.tell((10.001, world.placed(fresh_id)), (11, routed(fresh_id)))
    assert (await answer_of(world)).blames(fresh_id, "I10")


async def test_i10_a_late_placement_that_was_taken_up_before(world, fresh_id):
    await world.tell((9, routed(fresh_id)), (10.001, world.placed(fresh_id)))
    assert (await answer_of(world)).blames(fresh_id, "I10")


async def test_i10_a_refused_order_that_was_never_placed_and_taken_up(world, fresh_id, listed):
    await world.live()
    await world.tell((3, routed(fresh_id)))
    answer = await answer_of(world, "--refused", listed)
    assert answer.blames(fresh_id, "I10")
    assert "OrderRouted stands at" in answer.broken["I10"]
    assert (await world.verified()).code == 0


async def test_i10_a_refused_order_that_was_executed(world, fresh_id, listed):
    await world.live()
    world.land(f"{fresh_id}:1", **SETTLED)
    assert (await answer_of(world, "--refused", listed)).blames(fresh_id, "I10")


async def test_i10_a_refused_order_that_has_a_row(world, fresh_id, listed):
    await world.live()
    await world.project()
    world.alter(*PLANTED, order_id=fresh_id)
    assert (await world.verified("--refused", listed)).blames(fresh_id, "I4", "I10")
