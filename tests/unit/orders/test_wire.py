"""Events and states as bytes, and which records count."""

import json
from datetime import timedelta

import pytest

from orders.admission import Flaw, NotAdmitted, Record, admit, marker
from orders.errors import NewerSchema, NotAnEvent
from orders.events import SCHEMA_VERSION
from orders.fold import replay
from orders.topics import Topics, partition_of
from orders.wire import decode, decode_order, encode, encode_order
from tests.support.builders import (
    ORDER_ID,
    T0,
    executed,
    failed,
    placed,
    retry_due,
    retry_scheduled,
    routed,
    seconds,
)

EVENTS = [
    placed(),
    routed(2),
    executed(3),
    retry_scheduled(3),
    retry_due(4, 2),
    failed(3, code="NO_LIQUIDITY"),
]
PARTITIONS = 8
HOME = partition_of(ORDER_ID, PARTITIONS)


def record(value: bytes | None = encode(placed()), **changes) -> Record:
    right = Record(HOME, 5, ORDER_ID.encode(), value, T0)
    return right._replace(**changes)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_survives_the_wire(event):
    assert decode(encode(event)) == event


def test_money_is_text_on_the_wire():
    terms = json.loads(encode(placed()))["terms"]
    assert (terms["amount"], terms["slippage"]) == ("10", "0.01")


@pytest.mark.parametrize(
    ("seconds", "written"), [(2, "PT2S"), (60, "PT1M"), (90.5, "PT1M30.5S"), (86_400, "P1D")]
)
def test_a_delay_is_written_by_its_largest_units(seconds, written):
    event = retry_scheduled(3, delay=timedelta(seconds=seconds))
    assert json.loads(encode(event))["delay"] == written
    assert decode(encode(event)) == event


@pytest.mark.parametrize(
    "history",
    [
        (placed(),),
        (placed(), routed(2)),
        (placed(), routed(2), retry_scheduled(3)),
        (placed(), routed(2), retry_scheduled(3), retry_due(4, 2)),
        (placed(), routed(2), routed(3)),
    ],
)
def test_an_open_order_survives_storage(history):
    order = replay(history)
    assert decode_order(encode_order(order)) == order


def test_a_state_that_an_older_engine_put_on_a_delay_topic_is_read():
    order = replay((placed(), routed(2), retry_scheduled(3)))
    document = json.loads(encode_order(order))
    del document["placement"]["tags"]
    assert decode_order(json.dumps(document)) == order


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"type":"OrderEaten"}',
        b"\xff\xfe",
        b"[" * 5000,
        b'"schema_version"',
    ],
)
def test_what_is_no_event_is_told(value):
    with pytest.raises(NotAnEvent):
        decode(value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_an_event_in_other_letters_is_none_in_any_version(encoding):
    document = json.loads(encode(placed()))
    for version in (1, SCHEMA_VERSION):
        value = json.dumps({**document, "schema_version": version}).encode(encoding)
        with pytest.raises(NotAnEvent):
            decode(value)


def test_what_is_no_state_is_told():
    with pytest.raises(NotAnEvent):
        decode_order(b'{"kind":"asleep"}')


@pytest.mark.parametrize("name", ["correlation_id", "causation_id", "actor"])
def test_an_id_that_would_make_the_events_that_follow_too_large_is_none(name):
    flawed = {**json.loads(encode(placed())), name: "a" * 257}
    with pytest.raises(NotAnEvent, match=name):
        decode(json.dumps(flawed).encode())


def test_the_flaw_names_the_field():
    document = json.loads(encode(placed()))
    document["terms"]["amount"] = "-1"
    with pytest.raises(NotAnEvent, match=r"terms\.amount"):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize("changes", [{}, {"type": "OrderBlessed"}, {"mood": "good"}])
def test_a_newer_schema_stops_the_reader(changes):
    document = {**json.loads(encode(placed())), "schema_version": 99, **changes}
    with pytest.raises(NewerSchema, match="upgrade the engine"):
        decode(json.dumps(document).encode())


@pytest.mark.parametrize("changes", [{"schema_version": 0}, {"schema_version": "1"}, {"mood": 1}])
def test_an_event_of_no_version_that_ever_was_is_none(changes):
    document = {**json.loads(encode(placed())), "schema_version": 1, **changes}
    with pytest.raises(NotAnEvent):
        decode(json.dumps(document).encode())


def test_a_right_record_is_admitted():
    assert admit(record(), PARTITIONS) == placed()


@pytest.mark.parametrize(
    ("flawed", "flaw"),
    [
        (record(value=None), Flaw.NOT_AN_EVENT),
        (record(b"poison"), Flaw.NOT_AN_EVENT),
        (record(key=b"other"), Flaw.WRONG_KEY),
        (record(key=None), Flaw.WRONG_KEY),
        (record(partition=(HOME + 1) % PARTITIONS), Flaw.WRONG_PARTITION),
        (record(appended_at=seconds(10) + timedelta(milliseconds=1)), Flaw.LATE_PLACEMENT),
    ],
)
def test_a_flawed_record_is_not_admitted(flawed, flaw):
    verdict = admit(flawed, PARTITIONS)
    assert isinstance(verdict, NotAdmitted)
    assert verdict.flaw == flaw


def test_a_placement_in_the_last_moment_counts():
    assert admit(record(appended_at=seconds(10)), PARTITIONS) == placed()


def test_an_outcome_is_never_too_late():
    late = record(encode(executed(3)), appended_at=seconds(10_000))
    assert admit(late, PARTITIONS) == executed(3)


@pytest.mark.parametrize(
    ("delay", "rung"), [(-1, "2s"), (2, "2s"), (2.5, "4s"), (8, "8s"), (10**9, "8s")]
)
def test_every_delay_has_a_rung(delay, rung):
    assert Topics().rung(timedelta(seconds=delay)) == f"orders.retry.{rung}"


def test_a_marker_is_not_admitted():
    assert isinstance(admit(marker(HOME, 3), PARTITIONS), NotAdmitted)


def test_topics_have_the_names_of_the_design():
    topics = Topics()
    assert topics.events == "orders.events"
    assert topics.dead_letter == "orders.dead-letter"
    assert list(topics.retries.values()) == [
        "orders.retry.2s",
        "orders.retry.4s",
        "orders.retry.8s",
    ]
    assert Topics("mine.").events == "mine.orders.events"
