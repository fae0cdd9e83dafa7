"""Each invariant, broken on real servers: `engine verify` names it and the order, and fails."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.integration.audit.world import (
    SETTLED,
    VOID,
    answer_of,
    routed,
    tell_executed,
)
from tests.support import builders

pytestmark = pytest.mark.integration


async def test_i1_a_doubled_settlement(world, order_id):
    world.land(f"{order_id}:2", **{**SETTLED, "signature": "6" * 88})
    answer = await answer_of(world)
    assert answer.blames(order_id, "I1", "I9")
    assert f"settled 2 times, as {order_id}:1, {order_id}:2" in answer.broken["I1"]


async def test_i1_one_execution_settled_twice(world, order_id):
    world.alter_ledger("alter table chain_ledger drop constraint chain_ledger_pkey")
    world.land(f"{order_id}:1", **SETTLED)
    assert (await answer_of(world)).blames(order_id, "I1")


async def test_i2_an_accepted_order_that_is_not_in_the_log(world, fresh_id, listed):
    await world.live()
    assert (await answer_of(world, "--accepted", listed)).blames(fresh_id, "I2")


async def test_i2_an_accepted_order_whose_placement_came_too_late(world, fresh_id, listed):
    await world.tell((11, world.placed(fresh_id)))
    answer = await answer_of(world, "--accepted", listed)
    assert answer.blames(fresh_id, "I2")
    assert "too late" in answer.broken["I2"]


async def test_i3_a_placed_order_that_nobody_began(world, fresh_id):
    await world.tell((0, world.placed(fresh_id)))
    assert (await answer_of(world)).blames(fresh_id, "I3")


async def test_i3_a_placed_order_that_was_passed_over_though_its_partition_goes_on(world):
    lost, next_one, newest = (world.id_in(2) for _ in range(3))
    for begin, order_id in ((0, lost), (1, next_one), (100, newest)):
        await world.tell((begin, world.placed(order_id, not_after=world.at(200))))
    for begin, order_id in ((2, next_one), (110, newest)):
        world.land(f"{order_id}:1", **SETTLED)
        done = builders.executed(3, order_id=order_id)
        await world.tell((begin, routed(order_id)), (begin + 1, done))
    assert (await answer_of(world)).blames(lost, "I3")


async def test_i3_an_execution_whose_outcome_nobody_recorded(world, fresh_id):
    await world.tell((0, world.placed(fresh_id)), (1, routed(fresh_id)))
    assert (await answer_of(world)).blames(fresh_id, "I3")


async def test_i3_a_retry_that_never_began(world, fresh_id):
    scheduled = builders.retry_scheduled(2, order_id=fresh_id)
    await world.tell((0, world.placed(fresh_id)), (1, scheduled))
    answer = await answer_of(world)
    assert answer.blames(fresh_id, "I3")
    assert "was due at" in answer.broken["I3"]


async def test_i3_a_quarantined_order_whose_execution_nobody_resolved(world, fresh_id):
    gap = builders.executed(9, order_id=fresh_id)
    await world.tell((0, world.placed(fresh_id)), (1, routed(fresh_id)), (2, gap))
    assert (await answer_of(world)).blames(fresh_id, "I3")


BROKEN_HISTORIES = (
    builders.executed(9),
    builders.routed(2, attempt=7),
    builders.routed(2, execution=3),
    builders.executed(2),
    builders.retry_due(2, 2),
)


async def test_i5_broken_histories_that_no_table_shows_as_quarantined(world):
    ids = [str(uuid.uuid4()) for _ in BROKEN_HISTORIES]
    for order_id, event in zip(ids, BROKEN_HISTORIES, strict=True):
        impossible = replace(event, order_id=order_id)
        await world.tell((0, world.placed(order_id)), (1, impossible))
    await world.project()
    world.alter("update orders set quarantined = false", rows=len(ids))
    answer = await world.verified()
    assert all(answer.blames(order_id, "I3", "I4", "I5") for order_id in ids)
    assert sorted(answer.told["quarantined"]) == sorted(ids)


async def test_i5_an_impossible_event_of_the_engines_own(world, fresh_id, listed):
    impossible = builders.executed(2, order_id=fresh_id, actor="streams")
    await world.tell((0, world.placed(fresh_id)), (1, impossible))
    answer = await answer_of(world)
    assert answer.blames(fresh_id, "I5")
    assert "OrderExecuted came while the order was pending, written by 'streams'" in answer.output
    assert (await world.verified("--quarantined", listed)).code == 0


WRONG_MONEY: tuple[dict, ...] = (
    {"amount_out": Decimal("1499.000000000000000001")},
    {"executed_price": 150},
    {"fee": 0},
    {"amount_in": 11},
    {"slot": 8},
    {"signature": "6" * 88},
    {"venue": "METEORA"},
)


async def test_i6_amounts_that_are_not_the_ledgers(world):
    ids = [str(uuid.uuid4()) for _ in WRONG_MONEY]
    for order_id, change in zip(ids, WRONG_MONEY, strict=True):
        world.land(f"{order_id}:1", **{**SETTLED, **change})
        await tell_executed(world, order_id)
    answer = await answer_of(world)
    assert all(answer.blames(order_id, "I6") for order_id in ids)


@pytest.mark.parametrize("least", [1485, 1], ids=["the event's own", "the quote less slippage"])
async def test_i6_less_than_the_orders_minimum(world, fresh_id, least):
    little = builders.fill("1484.999999999999999999")
    price = little.executed_price
    amounts = {"amount_out": little.amount_out, "executed_price": price}
    world.land(f"{fresh_id}:1", **{**SETTLED, **amounts})
    await tell_executed(world, fresh_id, least, fill=little)
    answer = await answer_of(world)
    assert answer.blames(fresh_id, "I6")
    assert "its minimum is 1485" in answer.broken["I6"]


async def test_i6_another_amount_than_the_order_is_for(world, fresh_id):
    world.land(f"{fresh_id}:1", **{**SETTLED, "amount_in": 9})
    nine = replace(builders.fill(), amount_in=Decimal(9))
    await tell_executed(world, fresh_id, fill=nine)
    assert (await answer_of(world)).blames(fresh_id, "I6")


async def test_i8_a_retry_that_did_not_wait(world):
    order_id = await world.live_twice(due=3.999)
    assert (await answer_of(world)).blames(order_id, "I8")


SHORT = timedelta(seconds=1.999)
WRONG_RETRIES = (
    builders.retry_scheduled(3, 1, delay=SHORT),
    builders.retry_scheduled(3, 1, reason=builders.reason("INSUFFICIENT_FUNDS")),
)


async def test_i8_retries_that_should_not_have_been_scheduled(world):
    ids = [str(uuid.uuid4()) for _ in WRONG_RETRIES]
    for order_id, event in zip(ids, WRONG_RETRIES, strict=True):
        retry = replace(event, order_id=order_id)
        world.land(f"{order_id}:1", **VOID)
        await world.tell((0, world.placed(order_id)), (100, routed(order_id)), (101, retry))
    answer = await answer_of(world)
    assert all(answer.blames(order_id, "I8") for order_id in ids)


async def test_i8_a_fourth_retry(world, fresh_id):
    await world.tell((0, world.placed(fresh_id)))
    for attempt, begin in enumerate((1, 10, 20, 110), start=1):
        scheduled = builders.retry_scheduled(2 * attempt, attempt, order_id=fresh_id)
        due = builders.retry_due(2 * attempt + 1, attempt + 1, order_id=fresh_id)
        await world.tell((begin, scheduled), (begin + 8, due))
    answer = await answer_of(world)
    assert answer.blames(fresh_id, "I8")
    assert "after attempt 4" in answer.broken["I8"]


async def test_i8_an_order_that_fired_short_of_its_price_and_one_that_ended_too_soon(world):
    fired, ended, well = (str(uuid.uuid4()) for _ in range(3))
    for order_id, target in ((fired, 152), (ended, 150), (well, 150)):
        terms = builders.limit(target_price=target, expires_at=world.at(3600))
        await world.tell((0, world.placed(order_id, terms=terms)))
    await world.tell(
        *((1, builders.triggered(2, order_id=order_id)) for order_id in (fired, well)),
        *((2, builders.failed(3, order_id=order_id)) for order_id in (fired, well)),
        (1, builders.expired(2, order_id=ended)),
    )
    answer = await answer_of(world)
    assert all(answer.blames(order_id, "I8") for order_id in (fired, ended))
    assert "fired on SOL/USDC at 151.5, its target is 152" in answer.broken["I8"]
    assert well not in answer.broken["I8"]
    assert answer.checked("I8") == 3


async def test_i8_a_sniper_that_fired_on_a_pool_that_is_too_small(world, fresh_id):
    terms = builders.sniper(min_liquidity=50_001)
    fired = builders.triggered(2, builders.LIQUIDITY, order_id=fresh_id)
    gone = builders.failed(3, order_id=fresh_id)
    await world.tell((0, world.placed(fresh_id, terms=terms)), (1, fired), (2, gone))
    answer = await answer_of(world)
    assert answer.blames(fresh_id, "I8")
    assert "it waits for 50001" in answer.broken["I8"]
