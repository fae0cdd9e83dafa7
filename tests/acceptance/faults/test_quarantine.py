"""An event that cannot be: its order is set aside, what was sent is resolved, all others go on."""

import asyncio
import uuid

import httpx
import psycopg
import pytest

from tests.support.builders import executed, routed, terms
from tests.support.log import append
from tests.support.poisoned import order_on
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

HERE = 3
SENT = "select status from chain_ledger where execution_id = any(%s)"
LANDED = """
insert into chain_ledger (execution_id, status, venue, slot, signature, executed_price, amount_in,
                          amount_out, fee, at)
values (%s, 'settled', %s, 1, %s, 200, 10, 2000, 0.025, now())
"""


@pytest.fixture
def engine(poisoned):
    return poisoned


def ledger(engine, query, *values):
    with psycopg.connect(engine.chain_url) as connection:
        cursor = connection.execute(query, values)
        return cursor.fetchall() if cursor.description else []


def case_of(engine, order_id):
    [case] = engine.told("quarantine", "show", order_id)
    return case


IMPOSSIBLE = {
    "a version to come": lambda order: executed(5, order_id=order),
    "what cannot follow": lambda order: executed(2, order_id=order),
    "the execution of another": lambda order: routed(
        2, order_id=order, execution_id=f"{uuid.uuid4()}:1"
    ),
    "a second attempt before the first": lambda order: routed(
        2, 2, order_id=order, execution_id=f"{order}:1"
    ),
}


@pytest.mark.parametrize("impossible", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_an_impossible_event_sets_its_order_aside_and_nothing_is_sent(engine, impossible):
    order = order_on(HERE)
    event = impossible(order.order_id)
    engine.append(order, event)
    row = engine.wait_until_quarantined(order.order_id)
    engine.complete_one(HERE)
    assert (row["status"], row["error_code"]) == ("pending", "QUARANTINED")
    assert ledger(engine, SENT, [f"{order.order_id}:1"]) == []

    listed = {one["orderId"]: one for one in engine.told("quarantine", "list", "--limit", "1000")}
    assert event.type in listed[order.order_id]["why"]
    case = case_of(engine, order.order_id)
    assert (case["quarantined"], case["executionId"]) == (True, None)
    flagged = [one for one in case["events"] if one["impossible"]]
    assert [(one["type"], one["version"]) for one in flagged] == [(event.type, event.version)]
    for command in (("list", "--limit", "1000"), ("show", order.order_id)):
        told = engine.command("quarantine", *command)
        assert order.order_id in told.output
        assert event.type in told.output
    assert engine.told("status")[0]["quarantined"] >= 1
    assert "engine quarantine list" in engine.command("status").output
    answer = httpx.get(f"{engine.url}/api/orders/{order.order_id}", timeout=15)
    assert answer.json()["status"] == "pending"
    assert event.type in answer.json()["errorReason"]


def in_flight(engine):
    """Return an order whose swap was sent and does not answer, and who has it."""
    order = order_on(HERE, terms=terms(faults=["hang"]))
    engine.append(order)
    return engine.wait_for(order.order_id, "executing")


@pytest.mark.parametrize("version", [3, 9], ids=["what cannot follow", "a version to come"])
def test_what_was_in_flight_and_never_landed_is_given_up_and_recorded(engine, version):
    row = in_flight(engine)
    order_id = row["order_id"]
    engine.append(routed(version, order_id=order_id, execution_id=f"{order_id}:2"))
    row = engine.wait_for(order_id, "failed")
    engine.complete_one(HERE)
    assert (row["error_code"], row["quarantined"], row["tx_hash"]) == ("QUARANTINED", False, None)
    assert "OrderRouted" in row["error_reason"]
    assert ledger(engine, SENT, [f"{order_id}:1"]) == [("void",)]
    case = case_of(engine, order_id)
    assert case["executionId"] == f"{order_id}:1"
    assert "no longer: it ended failed" in engine.command("quarantine", "show", order_id).output
    listed = engine.told("quarantine", "list", "--limit", "1000")
    assert order_id not in {one["orderId"] for one in listed}


@pytest.mark.parametrize("version", [3, 9], ids=["what cannot follow", "a version to come"])
def test_what_was_in_flight_and_landed_is_recorded_as_executed(engine, version):
    row = in_flight(engine)
    order_id, signature = row["order_id"], uuid.uuid4().hex * 2
    ledger(engine, LANDED, f"{order_id}:1", row["selected_dex"], signature)
    engine.append(routed(version, order_id=order_id, execution_id=f"{order_id}:2"))
    row = engine.wait_for(order_id, "completed")
    engine.complete_one(HERE)
    assert (row["tx_hash"], row["amount_out"], row["attempts"]) == (signature, 2000, 1)
    assert case_of(engine, order_id)["quarantined"] is False


def test_what_was_in_flight_is_resolved_although_its_worker_dies(engine):
    """Whoever takes its partition over finds it quarantined, with what was sent."""
    row = in_flight(engine)
    order_id, signature = row["order_id"], uuid.uuid4().hex * 2
    ledger(engine, LANDED, f"{order_id}:1", row["selected_dex"], signature)
    log = engine.kafka, engine.topics.events, TEST_PARTITIONS
    engine.stop()
    asyncio.run(append(*log, routed(3, order_id=order_id, execution_id=f"{order_id}:2")))
    engine.start()
    assert engine.wait_for(order_id, "completed")["tx_hash"] == signature
    assert case_of(engine, order_id)["why"].startswith("OrderRouted cannot follow")


def test_a_second_execution_of_an_order_that_ended_changes_nothing(engine):
    order = order_on(HERE)
    engine.append(order)
    before = engine.wait_for(order.order_id, "completed")
    engine.append(*(executed(version, order_id=order.order_id) for version in (4, 3, 9)))
    engine.complete_one(HERE)
    assert engine.row(order.order_id) == before
    superseded = [event["superseded"] for event in engine.events(order.order_id)]
    assert superseded == [False, False, False, True, True, True]
    told = engine.command("quarantine", "show", order.order_id)
    assert told.exit_code == 1
    assert "is not quarantined and never was" in told.output


def test_an_order_that_is_not_there_is_a_sentence(engine):
    told = engine.command("quarantine", "show", str(uuid.uuid4()))
    assert told.exit_code == 1
    assert "There is no order" in told.output
