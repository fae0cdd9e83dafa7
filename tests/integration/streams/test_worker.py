"""A stream worker and the delays worker as real processes on a real log and chain."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from msgspec.structs import replace

from orders.errors import Code
from orders.events import (
    OrderExecuted,
    OrderFailed,
    OrderPlaced,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
)
from orders.state import Completed, Failed
from tests.support.builders import routed, terms
from tests.support.log import eventually, placements
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


async def test_every_order_in_the_log_is_executed_once(run, log):
    run("worker")
    await log.append(*placements(50))
    orders = await eventually(log.all_ended)
    assert len(orders) == 50
    assert all(isinstance(order, Completed) for order in orders.values())
    kinds = Counter(type(event) for event in await log.events())
    assert kinds[OrderExecuted] == 50


async def test_a_failed_attempt_is_tried_again_after_its_delay(run, log):
    run("worker")
    run("delays")
    await log.append(*placements(1, terms=terms(faults=["glitch", "lost-answer"])))
    (order,) = (await eventually(log.all_ended)).values()
    assert isinstance(order, Completed)
    assert order.attempts == 2
    events = {type(event): event for event in await log.events()}
    waited = events[OrderRetryDue].occurred_at - events[OrderRetryScheduled].occurred_at
    assert 2 <= waited.total_seconds() < 3


async def test_a_fatal_refusal_ends_the_order_at_once(run, log):
    run("worker")
    await log.append(*placements(1, terms=terms(token_in="NOSUCH")))
    (order,) = (await eventually(log.all_ended)).values()
    assert isinstance(order, Failed)
    assert order.reason.code == Code.UNKNOWN_TOKEN
    assert sum(isinstance(event, OrderFailed) for event in await log.events()) == 1


async def test_more_orders_than_slots_are_parked_and_all_finish(run, log):
    run("worker", ENGINE_MAX_REACTIONS="5")
    await log.append(*placements(100))
    assert len(await eventually(log.all_ended)) == 100


async def test_an_order_routed_to_a_venue_that_is_not_here_stops_no_other(run, log, capfd):
    strange, *others = placements(20)
    gone = routed(2, order_id=strange.order_id, execution_id=f"{strange.order_id}:1", venue="GONE")
    await log.append(strange, gone, *others)
    worker = run("worker", ENGINE_MAX_REACTIONS="1")

    async def others_ended():
        orders = await log.orders()
        return sum(isinstance(order, Completed) for order in orders.values()) == len(others)

    await eventually(others_ended)
    assert (await log.orders())[strange.order_id].version == 2
    assert worker.poll() is None
    assert "this engine has no venue GONE" in capfd.readouterr().err


async def test_an_order_its_client_named_starts_once_the_projection_knows_it_for_the_first(
    run, log
):
    run("worker")
    named, *others = placements(20)
    named = replace(named, client_order_id="mine")
    await log.append(named, *others)

    async def others_ended():
        orders = await log.orders()
        return sum(isinstance(order, Completed) for order in orders.values()) == len(others)

    await eventually(others_ended)
    assert (await log.orders())[named.order_id].version == 1
    run("projector")
    assert len(await eventually(log.all_ended)) == 20


async def test_an_order_its_client_repeats_much_later_is_not_executed_again(run, log, database_url):
    run("projector")
    first = run("worker")
    (named,) = placements(1, client_order_id="mine")
    await log.append(named)
    await eventually(log.all_ended)
    first.terminate()
    first.wait(timeout=8)
    # As if so much time had gone by that nobody but the projection remembers the order.
    table = "update projection_1.orders set not_after = not_after - interval '1 hour'"
    await eventually(lambda: changed_rows(database_url, table))
    repeated = replace(named, event_id="again", not_after=later())
    await log.append(repeated, *placements(20))
    run("worker")

    async def others_ended():
        orders = await log.orders()
        return sum(isinstance(order, Completed) for order in orders.values()) == 21

    await eventually(others_ended)
    told = [type(event) for event in await log.events() if event.order_id == named.order_id]
    assert told == [OrderPlaced, OrderRouted, OrderExecuted, OrderPlaced]


async def changed_rows(database_url, statement):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        return (await connection.execute(statement)).rowcount


def later():
    return datetime.now(UTC) + timedelta(seconds=30)


async def test_a_worker_that_meets_a_newer_log_stops_and_asks_for_an_upgrade(run, log, capfd):
    worker = run("worker")
    await log.append(*placements(1))
    await eventually(log.all_ended)
    await log.append(*(replace(order, schema_version=99) for order in placements(1)))
    assert await asyncio.to_thread(worker.wait, 20) == 2
    assert "upgrade the engine" in capfd.readouterr().err


async def test_a_worker_told_another_number_of_partitions_does_not_start(run, capfd):
    worker = run("worker", ENGINE_PARTITIONS="7")
    assert await asyncio.to_thread(worker.wait, 20) == 2
    assert f"set ENGINE_PARTITIONS={TEST_PARTITIONS}" in capfd.readouterr().err


async def test_a_worker_with_a_malformed_setting_says_which(run, capfd):
    worker = run("worker", ENGINE_MAX_REACTIONS="many")
    assert await asyncio.to_thread(worker.wait, 20) == 2
    assert "ENGINE_MAX_REACTIONS is 'many'" in capfd.readouterr().err
