"""A log that ends before what is known of it: waited for a while, then refused."""

import asyncio
from decimal import Decimal

import pytest

from orders.topics import partition_of
from streams.clock import BrokerClock
from streams.lane import Lane
from streams.market import MarketView
from streams.partition import Partition
from streams.reactions import Reactions
from streams.resting import RestingOrders
from streams.snapshot import Snapshot
from streams.tail import catch_up
from tests.support.builders import T0
from tests.support.log import placements
from tests.support.servers import TEST_PARTITIONS, run_sql

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]


async def test_a_worker_whose_tables_know_more_than_the_log_does_not_start(
    run, database_url, capfd
):
    run_sql(database_url, "update projection_1.projection_offsets set next_offset = 7")
    worker = run("worker")
    assert await asyncio.to_thread(worker.wait, 40) == 2
    last_word = capfd.readouterr().err.splitlines()[-1]
    assert last_word.startswith("Partition ")
    assert "ends at offset 0, it was known up to 7" in last_word


async def test_a_log_that_still_grows_to_what_is_known_of_it_is_waited_for(kafka, topics, log):
    [order] = placements(1)
    number = partition_of(order.order_id, TEST_PARTITIONS)
    clock = BrokerClock(lambda: T0, lambda: 0.0)
    lane = Lane(no, 1)
    resting = RestingOrders(MarketView(lambda: True), lambda terms: Decimal(1), lane, lane)
    partition = Partition(TEST_PARTITIONS, clock, Reactions(1, no, no), lane, resting)
    partition.restore(Snapshot(T0, next_offset=1))
    catching_up = asyncio.create_task(catch_up(kafka, topics.events, number, partition))
    # It has looked for the first time by then, or will find the log long enough at once.
    await log.events()
    assert not partition.live
    await log.append(order)
    await catching_up
    assert partition.live


async def no(_):
    raise AssertionError
