"""What a stream worker leaves when it ends, another finds, or itself when it is started again."""

import asyncio
import signal
from collections import Counter

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from orders.events import (
    OrderExecuted,
)
from orders.state import Completed
from tests.support.log import eventually, placements
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


async def test_orders_of_a_killed_worker_are_finished_by_another(run, log):
    first = run("worker", ENGINE_EXECUTE_LATENCY_MS="2000")
    await log.append(*placements(100))

    async def routed():
        orders = await log.orders()
        return [order for order in orders.values() if order.version == 2]

    await eventually(routed)
    first.send_signal(signal.SIGKILL)
    run("worker")
    orders = await eventually(log.all_ended, 60)
    assert len(orders) == 100
    assert all(isinstance(order, Completed) for order in orders.values())


async def test_a_worker_whose_clock_is_ahead_goes_on_with_what_was_sent_a_moment_ago(run, log):
    run("projector")
    first = run("worker", ENGINE_EXECUTE_LATENCY_MS="3000")
    await log.append(*placements(20))

    async def routed():
        orders = await log.orders()
        return len(orders) == 20 and all(order.version == 2 for order in orders.values())

    await eventually(routed)
    first.send_signal(signal.SIGKILL)
    run("worker", ENGINE_PROCESS="ahead", ENGINE_CLOCK_OFFSETS="ahead=300000")
    orders = await eventually(log.all_ended, 60)
    assert {type(order) for order in orders.values()} == {Completed}
    assert {order.attempts for order in orders.values()} == {1}


async def test_a_worker_that_is_started_again_has_its_partitions_at_once(run, log):
    itself = {"ENGINE_GROUP_INSTANCE_ID": "one", "ENGINE_SESSION_TIMEOUT_MS": "60000"}
    first = run("worker", ENGINE_EXECUTE_LATENCY_MS="2000", **itself)
    await log.append(*placements(20))

    async def routed():
        return any(order.version == 2 for order in (await log.orders()).values())

    await eventually(routed)
    first.send_signal(signal.SIGKILL)
    run("worker", **itself)
    assert len(await eventually(log.all_ended)) == 20


async def test_offsets_rewound_while_no_worker_ran_repeat_nothing(
    run, log, kafka, topics, topic_prefix
):
    first = run("worker")
    await log.append(*placements(20))
    await eventually(log.all_ended)
    first.terminate()
    assert await asyncio.to_thread(first.wait, 10) == 0
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka, group_id=f"{topic_prefix}streams", enable_auto_commit=False
    ) as consumer:
        places = [TopicPartition(topics.events, number) for number in range(TEST_PARTITIONS)]
        consumer.assign(places)
        await consumer.commit(dict.fromkeys(places, 0))
    run("worker")
    await log.append(*placements(20))
    assert len(await eventually(log.all_ended)) == 40
    kinds = Counter(type(event) for event in await log.events())
    assert kinds[OrderExecuted] == 40


async def test_a_stopped_worker_ends_cleanly(run, log):
    worker = run("worker")
    await log.append(*placements(3))
    await eventually(log.all_ended)
    worker.terminate()
    assert worker.wait(timeout=8) == 0
