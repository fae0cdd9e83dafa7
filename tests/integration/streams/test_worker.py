"""A stream worker and the delays worker as real processes on a real log and chain."""

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from orders.admission import admit
from orders.errors import Code
from orders.events import (
    OrderExecuted,
    OrderFailed,
    OrderPlaced,
    OrderRetryDue,
    OrderRetryScheduled,
    OrderRouted,
)
from orders.fold import evolve
from orders.state import UNPLACED, Completed, Failed
from orders.topics import partition_of
from tests.support.builders import terms
from tests.support.log import append, eventually, placement, read_events, read_log
from tests.support.odd_clients import (
    append_as_batch,
    append_in_transaction,
    append_raw,
    append_with_odd_header,
)
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


@pytest.fixture
def environment(kafka, database_url, chain_url, topic_prefix, topics):
    return {
        **os.environ,
        "ENGINE_KAFKA": kafka,
        "ENGINE_DATABASE_URL": database_url,
        "ENGINE_CHAIN_URL": chain_url,
        "ENGINE_TOPIC_PREFIX": topic_prefix,
        "ENGINE_PARTITIONS": str(TEST_PARTITIONS),
        "ENGINE_QUOTE_LATENCY_MS": "20",
        "ENGINE_EXECUTE_LATENCY_MS": "50",
        "ENGINE_FAULT_INJECTION": "true",
        "ENGINE_SESSION_TIMEOUT_MS": "6000",
    }


@pytest.fixture
def run(environment):
    """Start `python -m streams <role>`, or the projector; all are ended after the test."""
    started = []

    def start(role, **settings):
        module = ["projections"] if role == "projector" else ["streams", role]
        command = [sys.executable, "-m", *module]
        process = subprocess.Popen(command, env={**environment, "ENGINE_PROCESS": role, **settings})
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def log(kafka, topics):
    class Log:
        async def append(self, *events):
            await append(kafka, topics.events, TEST_PARTITIONS, *events)

        async def events(self):
            return await read_events(kafka, topics.events, TEST_PARTITIONS)

        async def orders(self):
            orders = {}
            for record in await read_log(kafka, topics.events, TEST_PARTITIONS):
                event = admit(record, TEST_PARTITIONS)
                orders[event.order_id] = evolve(orders.get(event.order_id, UNPLACED), event)
            return orders

        async def all_ended(self):
            orders = await self.orders()
            done = all(isinstance(order, Completed | Failed) for order in orders.values())
            return orders if orders and done else None

    return Log()


def some_orders(count, **changes):
    return [placement(str(uuid.uuid4()), **changes) for _ in range(count)]


async def test_every_order_in_the_log_is_executed_once(run, log):
    run("worker")
    await log.append(*some_orders(50))
    orders = await eventually(log.all_ended)
    assert len(orders) == 50
    assert all(isinstance(order, Completed) for order in orders.values())
    kinds = Counter(type(event) for event in await log.events())
    assert kinds[OrderExecuted] == 50


async def test_a_failed_attempt_is_tried_again_after_its_delay(run, log):
    run("worker")
    run("delays")
    await log.append(*some_orders(1, terms=terms(faults=["glitch", "lost-answer"])))
    (order,) = (await eventually(log.all_ended)).values()
    assert isinstance(order, Completed)
    assert order.attempts == 2
    events = {type(event): event for event in await log.events()}
    waited = events[OrderRetryDue].occurred_at - events[OrderRetryScheduled].occurred_at
    assert 2 <= waited.total_seconds() < 3


async def test_a_fatal_refusal_ends_the_order_at_once(run, log):
    run("worker")
    await log.append(*some_orders(1, terms=terms(token_in="NOSUCH")))
    (order,) = (await eventually(log.all_ended)).values()
    assert isinstance(order, Failed)
    assert order.reason.code == Code.UNKNOWN_TOKEN
    assert sum(isinstance(event, OrderFailed) for event in await log.events()) == 1


async def test_orders_of_a_killed_worker_are_finished_by_another(run, log):
    first = run("worker", ENGINE_EXECUTE_LATENCY_MS="2000")
    await log.append(*some_orders(100))

    async def routed():
        orders = await log.orders()
        return [order for order in orders.values() if order.version == 2]

    await eventually(routed)
    first.send_signal(signal.SIGKILL)
    run("worker")
    orders = await eventually(log.all_ended, 60)
    assert len(orders) == 100
    assert all(isinstance(order, Completed) for order in orders.values())


async def test_a_worker_that_is_started_again_has_its_partitions_at_once(run, log):
    itself = {"ENGINE_GROUP_INSTANCE_ID": "one", "ENGINE_SESSION_TIMEOUT_MS": "60000"}
    first = run("worker", ENGINE_EXECUTE_LATENCY_MS="2000", **itself)
    await log.append(*some_orders(20))

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
    await log.append(*some_orders(20))
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
    await log.append(*some_orders(20))
    assert len(await eventually(log.all_ended)) == 40
    kinds = Counter(type(event) for event in await log.events())
    assert kinds[OrderExecuted] == 40


async def test_more_orders_than_slots_are_parked_and_all_finish(run, log):
    run("worker", ENGINE_MAX_REACTIONS="5")
    await log.append(*some_orders(100))
    assert len(await eventually(log.all_ended)) == 100


async def test_an_order_its_client_named_starts_once_the_projection_knows_it_for_the_first(
    run, log
):
    run("worker")
    named, *others = some_orders(20)
    named = named.model_copy(update={"client_order_id": "mine"})
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
    (named,) = some_orders(1, client_order_id="mine")
    await log.append(named)
    await eventually(log.all_ended)
    first.terminate()
    first.wait(timeout=8)
    # As if so much time had gone by that nobody but the projection remembers the order.
    table = "update projection_1.orders set not_after = not_after - interval '1 hour'"
    await eventually(lambda: changed_rows(database_url, table))
    repeated = named.model_copy(update={"event_id": "again", "not_after": later()})
    await log.append(repeated, *some_orders(20))
    run("worker")

    async def others_ended():
        orders = await log.orders()
        return sum(isinstance(order, Completed) for order in orders.values()) == 21

    await eventually(others_ended)
    told = [type(event) for event in await log.events() if event.order_id == named.order_id]
    assert told == [OrderPlaced, OrderRouted, OrderExecuted, OrderPlaced]


async def changed_rows(database_url, statement, *values):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        return (await connection.execute(statement, values)).rowcount


def later():
    return datetime.now(UTC) + timedelta(seconds=30)


async def test_a_worker_passes_whatever_else_stands_in_the_log(run, log, kafka, topics, chain_url):
    """Also while it recovers, from the log's very beginning: there is no projection."""
    before, after = some_orders(2)
    home = partition_of(before.order_id, TEST_PARTITIONS)
    place, key = (kafka, topics.events, home), before.order_id.encode()

    async def poison():
        await append_raw(*place, key, b"not JSON")
        await append_in_transaction(*place, (key, b"poison"))
        await append_with_odd_header(*place, key, b"poison")
        await append_as_batch(*place, None, None)
        await append_in_transaction(*place, (key, None), commit=False)

    await poison()
    await log.append(before)
    await poison()
    worker = run("worker")

    await eventually(lambda: is_settled(chain_url, before))
    await poison()
    await log.append(after)
    await eventually(lambda: is_settled(chain_url, after))
    assert worker.poll() is None


async def is_settled(chain_url, order):
    query = "select from chain_ledger where execution_id = %s and status = 'settled'"
    try:
        return await changed_rows(chain_url, query, f"{order.order_id}:1") == 1
    except psycopg.errors.UndefinedTable:
        return False


async def test_a_stopped_worker_ends_cleanly(run, log):
    worker = run("worker")
    await log.append(*some_orders(3))
    await eventually(log.all_ended)
    worker.terminate()
    assert worker.wait(timeout=8) == 0


async def test_a_worker_that_meets_a_newer_log_stops_and_asks_for_an_upgrade(run, log, capfd):
    worker = run("worker")
    await log.append(*some_orders(1))
    await eventually(log.all_ended)
    await log.append(*(order.model_copy(update={"schema_version": 99}) for order in some_orders(1)))
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
