"""Records that are no events, or not where they belong: nobody acts on them, and all go on."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest
from aiokafka.errors import MessageSizeTooLargeError
from msgspec.structs import replace

from orders.wire import encode
from tests.support.odd_clients import append_in_transaction, append_with_odd_header
from tests.support.poisoned import bytes_of, order_on
from tests.support.servers import TEST_PARTITIONS, wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

HERE = 1
ELSEWHERE = 2
LARGEST = 1024 * 1024 - 200


@pytest.fixture
def engine(poisoned):
    return poisoned


def late():
    order = order_on(HERE)
    return replace(order, not_after=order.occurred_at - timedelta(seconds=9))


def of_type(name):
    return json.dumps({**json.loads(encode(order_on(HERE))), "type": name}).encode()


KEY, ORDER = bytes_of(order_on(HERE))
POISON = {
    "not JSON": (HERE, KEY, b"not JSON", "NOT_AN_EVENT"),
    "no text": (HERE, KEY, b"\xff\xfe\x00", "NOT_AN_EVENT"),
    "an unknown type": (HERE, KEY, of_type("OrderBlessed"), "NOT_AN_EVENT"),
    "an event in UTF-16": (HERE, KEY, ORDER.decode().encode("utf-16"), "NOT_AN_EVENT"),
    "almost a megabyte": (HERE, KEY, b"x" * LARGEST, "NOT_AN_EVENT"),
    "nested without end": (HERE, KEY, b"[" * LARGEST, "NOT_AN_EVENT"),
    "no value": (HERE, KEY, None, "NOT_AN_EVENT"),
    "nothing at all": (HERE, None, None, "NOT_AN_EVENT"),
    "an empty value": (HERE, KEY, b"", "NOT_AN_EVENT"),
    "no key": (HERE, None, ORDER, "WRONG_KEY"),
    "a wrong key": (HERE, b"\xff\xfe", ORDER, "WRONG_KEY"),
    "a wrong partition": (ELSEWHERE, KEY, ORDER, "WRONG_PARTITION"),
}


@pytest.mark.parametrize(("partition", "key", "value", "reason"), POISON.values(), ids=POISON)
def test_what_is_not_admitted_is_kept_with_its_reason_and_all_go_on(
    engine, partition, key, value, reason
):
    offset = engine.append_raw(partition, key, value)
    engine.complete_one(partition)
    letter = engine.letter(partition, offset)
    assert (letter["topic"], letter["reason"]) == (engine.topics.events, reason)
    assert letter["message"]
    assert letter["size"] == len(key or b"") + len(value or b"")
    assert not engine.is_admitted(partition, offset)
    assert engine.row(KEY.decode()) is None
    told = engine.command("dead-letters", "show", f"{partition}:{offset}")
    assert f"{partition}:{offset}" in told.output
    if value and len(value) == LARGEST:
        assert value.decode() in told.output


def test_a_placement_that_comes_too_late_is_never_executed(engine):
    order = late()
    offset = engine.append_raw(HERE, *bytes_of(order))
    engine.complete_one(HERE)
    assert engine.letter(HERE, offset)["reason"] == "LATE_PLACEMENT"
    assert engine.row(order.order_id) is None
    told = engine.command("dead-letters", "redrive", f"{HERE}:{offset}")
    assert told.exit_code == 1
    assert "void for ever" in told.output


def test_a_megabyte_and_what_unfolds_to_one_never_reach_the_log(engine):
    larger = {"max_request_size": 100_000_000}
    for value, options in [
        (b"x" * 1024 * 1024, larger),
        (b"x" * 50_000_000, {**larger, "compression_type": "gzip"}),
    ]:
        with pytest.raises(MessageSizeTooLargeError):
            engine.append_raw(HERE, KEY, value, **options)
    engine.complete_one(HERE)


def test_a_header_that_is_no_text_is_of_no_account(engine):
    order = order_on(HERE)
    place = (engine.kafka, engine.topics.events, HERE)
    asyncio.run(append_with_odd_header(*place, *bytes_of(order)))
    offset = asyncio.run(append_with_odd_header(*place, KEY, b"poison"))
    assert engine.wait_for(order.order_id, "completed")
    engine.complete_one(HERE)
    told = engine.told("dead-letters", "show", f"{HERE}:{offset}")[0]
    assert [header["name"] for header in told["headers"]] == ["", "none", "\ufffd\ufffd name"]


def test_transactions_of_other_clients_leave_nothing_that_anybody_waits_for(engine):
    order = order_on(HERE)
    place = (engine.kafka, engine.topics.events, HERE)
    asyncio.run(append_in_transaction(*place, bytes_of(order)))
    engine.wait_for(order.order_id, "completed")
    for commit in (True, False):
        offset = asyncio.run(append_in_transaction(*place, (KEY, b"poison"), commit=commit))
        engine.letter(HERE, offset)
        engine.wait_until_read(HERE, offset + 1)
    unknown = httpx.get(f"{engine.url}/api/orders/{order_on(HERE).order_id}", timeout=15)
    assert unknown.status_code == 404
    engine.complete_one(HERE)


def test_workers_and_projector_that_start_anew_pass_all_of_it(engine):
    place = (engine.kafka, engine.topics.events, HERE)
    engine.stop()
    asyncio.run(append_in_transaction(*place, (KEY, b"poison"), (KEY, None)))
    asyncio.run(append_with_odd_header(*place, KEY, b"poison"))
    asyncio.run(append_in_transaction(*place, (None, ORDER)))
    engine.start()
    for partition in range(TEST_PARTITIONS):
        engine.complete_one(partition)
    assert set(engine.restarts().values()) == {0}


def test_status_tells_how_many_there_are(engine):
    engine.append_raw(HERE, KEY, b"poison")
    wait_until(lambda: engine.told("status")[0]["deadLetters"])
    assert "engine dead-letters list" in engine.command("status").output


def test_an_event_that_was_astray_is_redriven_and_counts(engine):
    order = order_on(HERE)
    offset = engine.append_raw(ELSEWHERE, *bytes_of(order))
    engine.letter(ELSEWHERE, offset)
    place = f"{ELSEWHERE}:{offset}"
    [step] = engine.told("dead-letters", "redrive", place)
    assert (step["verdict"], step["orderId"]) == ("redriven", order.order_id)
    assert step["to"].startswith(f"{HERE}:")
    row = engine.wait_for(order.order_id, "completed")
    assert row["attempts"] == 1
    [again] = engine.told("dead-letters", "redrive", place)
    assert (again["verdict"], again["why"]) == ("unchanged", "its order has ended")
    assert [event["superseded"] for event in engine.events(order.order_id)] == [False] * 3


def test_an_event_redriven_twice_at_once_is_superseded(engine):
    order = order_on(HERE)
    offset = engine.append_raw(ELSEWHERE, *bytes_of(order))
    engine.letter(ELSEWHERE, offset)
    servers = ("--kafka", engine.kafka, "--topic-prefix", engine.topic_prefix)
    for _ in range(2):
        told = engine.command(
            "dead-letters", "redrive", f"{ELSEWHERE}:{offset}", "--blind", *servers
        )
        assert told.exit_code == 0, told.output
    engine.wait_for(order.order_id, "completed")
    engine.complete_one(HERE)
    placements = [event for event in engine.events(order.order_id) if event["version"] == 1]
    assert [event["superseded"] for event in placements] == [False, True]
    row = engine.row(order.order_id)
    assert (row["status"], row["attempts"]) == ("completed", 1)
