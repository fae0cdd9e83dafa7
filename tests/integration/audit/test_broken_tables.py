"""I4 and I7, broken on real servers: the tables do not tell what the log tells."""

import pytest
from msgspec.structs import replace

from tests.integration.audit.world import (
    PLANTED,
    SETTLED,
    tell_executed,
)

pytestmark = pytest.mark.integration

CHANGE_ROW = "update orders set {change} where order_id = '{id}'"
CHANGE_EVENT = "update order_events set {change} where order_id = '{id}' and version = 2"
ALTERED_ROWS = (
    "status = 'failed'",
    "executed_price = executed_price + 1e-20",
    "user_id = 'mallory'",
    "tags = '{mine}'",
    "updated_at = updated_at + interval '1 us'",
    "placed_offset = placed_offset + 1",
    "quarantined = true",
    """state = '{"kind": "pending"}'""",
    "partition = (partition + 1) % 4",
    "partition = 99",
)


# In two parts: no more than ten findings are told as examples, and one change can be several.
@pytest.mark.parametrize("changes", [ALTERED_ROWS[::2], ALTERED_ROWS[1::2]], ids=["even", "odd"])
async def test_i4_rows_of_orders_that_the_log_does_not_tell(world, changes):
    ids = await world.live(len(changes))
    await world.project()
    for order_id, change in zip(ids, changes, strict=True):
        world.alter(CHANGE_ROW.replace("{change}", change), order_id=order_id)
    answer = await world.verified()
    assert all(answer.blames(order_id, "I4") for order_id in ids)


async def test_i4_an_order_without_a_row(world, order_id):
    await world.project()
    world.alter("delete from orders where order_id = '{id}'", order_id=order_id)
    assert (await world.verified()).blames(order_id, "I4")


async def test_i4_a_row_without_an_order(world, fresh_id):
    await world.live()
    await world.project()
    world.alter(*PLANTED, order_id=fresh_id)
    assert (await world.verified()).blames(fresh_id, "I4")


async def test_i4_a_stored_state_that_recovery_would_start_from_wrongly(world, fresh_id):
    await world.tell((119, world.placed(fresh_id, not_after=world.at(200))))
    await world.project()
    world.alter("update orders set state = jsonb_set(state::jsonb, '{attempts}', '3')::json")
    answer = await world.verified()
    assert answer.blames(fresh_id, "I4")
    assert "its stored state tells" in answer.broken["I4"]


async def test_i4_counters_that_were_not_moved(world, order_id):
    await world.project()
    world.alter("update order_counts set n = 4 where scope = 'all'")
    answer = await world.verified()
    assert answer.broken == {"I4": "order_counts has 4 for all, there are 3"}


async def test_i4_labels_that_do_not_agree_with_their_order(world, fresh_id):
    named = world.placed(fresh_id, user_id="ann", client_order_id="mine", tags=("desk", "night"))
    await world.tell((119, replace(named, not_after=world.at(200))))
    await world.project()
    assert (await world.verified()).code == 0
    world.alter(
        "delete from order_labels where label = 'desk'",
        "update order_labels set label = 'yours' where kind = 'client'",
    )
    answer = await world.verified()
    assert answer.blames(fresh_id, "I4")
    for flaw in ("'desk' is missing", "'mine' is missing", "'yours' is not called for"):
        assert flaw in answer.broken["I4"]


ALTERED_EVENTS = (
    "superseded = true",
    "data = '{}'",
    "version = 1",
    "type = 'OrderFailed'",
    "appended_at = appended_at + interval '1 ms'",
    "occurred_at = occurred_at + interval '1 us'",
)


async def test_i4_rows_of_order_events_that_the_log_does_not_tell(world):
    ids = await world.live(len(ALTERED_EVENTS))
    await world.project()
    for order_id, change in zip(ids, ALTERED_EVENTS, strict=True):
        world.alter(CHANGE_EVENT.replace("{change}", change), order_id=order_id)
    answer = await world.verified()
    assert all(answer.blames(order_id, "I4") for order_id in ids)
    assert all(change.split()[0] in answer.broken["I4"] for change in ALTERED_EVENTS)


async def test_i4_a_record_that_the_tables_lack(world, order_id):
    await world.project()
    world.alter(
        "delete from order_events where order_id = '{id}' and version = 2", order_id=order_id
    )
    answer = await world.verified()
    assert answer.broken.keys() == {"I4", "I7"}
    assert order_id in answer.broken["I4"]


async def test_i4_a_row_that_is_ahead_of_the_offsets(world, order_id):
    await world.project()
    world.alter(
        "update projection_offsets set next_offset = next_offset - 1 where partition = "
        "(select partition from orders where order_id = '{id}')",
        order_id=order_id,
    )
    assert (await world.verified()).broken.keys() == {"I4"}


async def test_i4_tables_that_know_more_than_the_log(world):
    await world.live()
    await world.project()
    world.alter("update projection_offsets set next_offset = next_offset + 7", rows=4)
    answer = await world.verified()
    assert answer.broken.keys() == {"I4"}
    assert "the tables end at" in answer.broken["I4"]


async def test_i7_a_gap_in_seq(world, order_id):
    await world.project()
    world.alter(
        "update order_events set seq = seq + 1 where seq = (select max(seq) from order_events)"
    )
    answer = await world.verified()
    assert answer.broken.keys() == {"I7"}
    assert "seq 10 follows 8" in answer.broken["I7"]


async def test_i7_seqs_that_do_not_follow_the_log(world, fresh_id):
    await tell_executed(world, fresh_id)
    world.land(f"{fresh_id}:1", **SETTLED)
    await world.project()
    world.alter(
        "update order_events set seq = 4 where version = 1",
        "update order_events set seq = 1 where version = 2",
        "update order_events set seq = 2 where version = 1",
    )
    assert (await world.verified()).blames(fresh_id, "I7")


async def test_i7_a_record_that_is_there_twice(world, fresh_id):
    await tell_executed(world, fresh_id)
    world.land(f"{fresh_id}:1", **SETTLED)
    await world.project()
    world.alter(
        "alter table order_events drop constraint order_events_partition_offset_key",
        'insert into order_events select 4, partition, "offset", order_id, version, type, '
        "superseded, occurred_at, appended_at, data from order_events where version = 2",
    )
    answer = await world.verified()
    assert answer.blames(fresh_id, "I4", "I7")
    assert "is there twice" in answer.broken["I7"]
