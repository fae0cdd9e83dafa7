"""PostgreSQL away, and without room: orders go on in the log, the tables catch up."""

import asyncio
import json

import pytest

from local.child import State
from orders.topics import Topics
from tests.support.drill import drilled
from tests.support.log import read_log
from tests.support.servers import TEST_PARTITIONS, new_database, wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

OUTAGE = 10
NAMED = {"userId": "careful", "clientOrderId": "one"}


@pytest.fixture(scope="module")
def drill_and_disk(on_a_small_disk, kafka):
    """Return an engine whose tables and ledger are on one PostgreSQL of its own."""
    log = {"ENGINE_KAFKA": kafka, "ENGINE_TOPIC_PREFIX": "small."}
    with on_a_small_disk(224, **log) as both:
        yield both


@pytest.fixture
def far_chain(tmp_path, kafka, postgres):
    """Return an engine whose ledger is not on the PostgreSQL of its tables."""
    with new_database(postgres) as chain:
        log = {"ENGINE_KAFKA": kafka, "ENGINE_TOPIC_PREFIX": "far."}
        with drilled(tmp_path / "engine", ENGINE_CHAIN_URL=chain, **log) as drill:
            yield drill


def events_of(drill, answers):
    """Return the types of the events that the log has of the orders of these answers."""
    engine, order_ids = drill.engine, {answer.order_id for answer in answers}
    topic = Topics(engine.topic_prefix).events
    records = asyncio.run(read_log(engine.kafka, topic, TEST_PARTITIONS))
    events = [json.loads(record.value) for record in records]
    return {event["type"] for event in events if event["order_id"] in order_ids}


def unreadable(drill, load):
    """Return the first new order that cannot be read: what is full has room for some more rows."""
    found = []

    def cannot_be_read():
        newest = load.answers[-1].order_id
        if drill.order(newest)[0] == 503:
            found.append(newest)
        return found

    wait_until(cannot_be_read, 60, "the newest order cannot be read")
    return found[0]


def test_without_its_tables_the_engine_takes_and_executes_orders(far_chain):
    others = far_chain.pids("postgres")
    with far_chain.load() as load:
        with far_chain.engine.down("postgres"):
            began = load.now
            wait_until(lambda: load.since(began), what="an order is placed in the outage")
            order_id = load.since(began)[0].order_id
            status, body = far_chain.order(order_id)
            assert (status, body["code"]) == (503, "PROJECTION_UNAVAILABLE")
            assert far_chain.health() == 200
            status, body = far_chain.place(**NAMED)
            assert (status, body["code"]) == (503, "PROJECTION_UNAVAILABLE")
            wait_until(lambda: load.now > began + OUTAGE / 2)
            assert "OrderExecuted" in events_of(far_chain, load.since(began))
        wait_until(lambda: far_chain.order(order_id)[0] == 200, what="the tables have caught up")
        assert far_chain.place(**NAMED)[0] in {200, 202}
        assert all(answer.accepted for answer in load.answers)
    assert far_chain.pids("postgres") == others


def test_a_worker_that_dies_while_postgres_is_away_recovers_when_it_is_back(drill_and_disk):
    drill, _ = drill_and_disk
    others = drill.pids("postgres", "worker-1")
    with drill.load() as load:
        with drill.engine.down("postgres"):
            began = load.now
            # The ledger is away too: orders are routed, and wait with what was sent.
            wait_until(lambda: "OrderRouted" in events_of(drill, load.since(began)))
            assert "OrderExecuted" not in events_of(drill, load.since(began))
            drill.engine.kill("worker-1")
            wait_until(lambda: load.now > began + OUTAGE)
        wait_until(lambda: drill.engine.state_of("worker-1") is State.READY)
        assert all(answer.accepted for answer in load.answers)
    assert drill.pids("postgres", "worker-1") == others


def test_a_full_disk_under_postgres_holds_up_reads_until_there_is_room(drill_and_disk):
    drill, disk = drill_and_disk
    with drill.load() as load:
        disk.fill()
        try:
            order_id = unreadable(drill, load)
            began = load.now
            wait_until(lambda: load.now > began + OUTAGE / 2)
            assert drill.order(order_id)[0] == 503
        finally:
            disk.make_room()
        wait_until(lambda: drill.order(order_id)[0] == 200, what="the order can be read")
        assert all(answer.accepted for answer in load.answers)
