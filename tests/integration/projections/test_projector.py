"""A projector as a process: what it does with the records of a real broker."""

import json
import uuid
from datetime import timedelta

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from msgspec.structs import replace

from orders.topics import partition_of
from orders.wire import encode
from tests.integration.projections.conftest import lives
from tests.support.builders import executed, routed
from tests.support.log import placement
from tests.support.odd_clients import append_in_transaction, append_with_odd_header
from tests.support.servers import TEST_PARTITIONS, wait_until

pytestmark = pytest.mark.integration


def new_id():
    return str(uuid.uuid4())


def home_of(event):
    return partition_of(event.order_id, TEST_PARTITIONS)


async def test_the_tables_tell_what_the_log_tells(log, tables, start, environment):
    await log.append(*lives(100))
    projector = start(environment)
    tables.wait_for(head=300)
    await log.append(*lives(5))
    tables.wait_for(head=315)
    await log.assert_told_by(tables)
    assert projector.stop() == 0
    assert "[error" not in projector.log


async def test_records_that_are_not_admitted_go_to_the_dead_letters_and_the_rest_goes_on(
    log, tables, start, environment
):
    good, wrong_key, late = (placement(new_id()) for _ in range(3))
    late = replace(late, not_after=late.occurred_at - timedelta(seconds=9))
    home, elsewhere = home_of(good), (home_of(good) + 1) % TEST_PARTITIONS
    key = good.order_id.encode()
    poison = [
        (home, b"anything", b"not JSON", "NOT_AN_EVENT"),
        (home, key, None, "NOT_AN_EVENT"),
        (home, None, b"{}", "NOT_AN_EVENT"),
        (home, key, b"\xff\xfe", "NOT_AN_EVENT"),
        (home_of(wrong_key), b"another key", encode(wrong_key), "WRONG_KEY"),
        (elsewhere, key, encode(good), "WRONG_PARTITION"),
        (home_of(late), late.order_id.encode(), encode(late), "LATE_PLACEMENT"),
        (home, key, b"x" * 1_040_000, "NOT_AN_EVENT"),
    ]
    projector = start(environment)
    await log.append_records(*[record[:3] for record in poison])
    await log.append(good)
    tables.wait_for(head=1)
    wait_until(lambda: sum_of_offsets(tables) == len(poison) + 1)

    letters = await log.dead_letters()
    told = {(dict(letter.headers)["reason"].decode(), letter.key) for letter in letters}
    assert told == {(reason, key) for _, key, _, reason in poison}
    values = {letter.value for letter in letters}
    assert values >= {value for _, _, value, _ in poison if len(value or b"") < 1000}
    places = {place_of(letter) for letter in letters}
    assert len(places) == len(letters) == len(poison)
    assert {row["order_id"] for row in tables.rows("select order_id from orders")} == {
        good.order_id
    }
    assert projector.log.count("not admitted") >= 1


async def test_an_order_whose_history_is_broken_is_set_aside_and_the_others_go_on(
    log, tables, start, environment
):
    broken, fine = new_id(), new_id()
    projector = start(environment)
    await log.append(placement(broken), executed(5, order_id=broken), placement(fine))
    await log.append(routed(2, order_id=broken, execution_id=f"{broken}:1"))
    tables.wait_for(head=4)
    rows = tables.rows("select order_id, quarantined, status, error_reason from orders")
    by_id = {row["order_id"]: row for row in rows}
    assert by_id[broken]["quarantined"]
    assert "version 2 never did" in by_id[broken]["error_reason"]
    assert not by_id[fine]["quarantined"]
    projector.wait_until_said("order quarantined")
    assert projector.log.count("order quarantined") == 1


async def test_it_goes_on_where_it_stopped(log, tables, start, environment):
    for goal in (30, 60, 90):
        await log.append(*lives(10))
        projector = start(environment)
        tables.wait_for(head=goal)
        assert projector.stop() == 0
    await log.assert_told_by(tables)


async def test_a_projector_may_start_before_the_tables_are_there(
    log, postgres, start, environment, empty_database
):
    environment = environment | {"ENGINE_DATABASE_URL": empty_database.url}
    both = [start(environment, f"projector-{n}", ready=False) for n in (1, 2)]
    for one in both:
        one.wait_until_ready()
    await log.append(*lives(10))
    empty_database.wait_for(head=30)


async def test_a_log_of_a_newer_engine_stops_it_with_a_sentence(log, tables, start, environment):
    event = placement(new_id())
    newer = json.loads(encode(event)) | {"schema_version": 99}
    await log.append(*lives(3))
    projector = start(environment)
    tables.wait_for(head=9)
    record = (home_of(event), event.order_id.encode(), json.dumps(newer).encode())
    await log.append_records(record)
    assert projector.process.wait(10) == 2
    assert "upgrade the engine" in projector.log.splitlines()[-1]
    assert not tables.lease["held"]


async def test_what_stands_before_the_record_of_a_newer_engine_is_projected(
    log, tables, start, environment
):
    good, newer = placement(new_id()), placement(new_id())
    key, value = newer.order_id.encode(), json.loads(encode(newer)) | {"schema_version": 99}
    record = (home_of(good), key, json.dumps(value).encode())
    await log.append_records((home_of(good), good.order_id.encode(), encode(good)), record)
    projector = start(environment, ready=False)
    assert projector.process.wait(20) == 2
    assert tables.head == 1


async def test_transactions_of_other_clients_do_not_stop_it(
    log, tables, start, environment, kafka, topics
):
    projector = start(environment)
    first, last = placement(new_id()), placement(new_id())
    home = home_of(first)
    place = kafka, topics.events, home
    await append_in_transaction(*place, (first.order_id.encode(), encode(first)), (b"k", b"no"))
    await append_in_transaction(*place, (b"k", b"no"), commit=False)
    await log.append(last)
    await append_in_transaction(*place, (b"k", b"no"))
    tables.wait_for(head=2)
    end = 7 + (home_of(last) == home)
    offset = "select next_offset from projection_offsets where partition = %s"
    wait_until(lambda: tables.rows(offset, home) == [{"next_offset": end}], what="all is read")
    assert len(await log.dead_letters()) == 3
    assert projector.stop() == 0


async def test_a_header_whose_name_is_no_text_is_of_no_account(
    log, tables, start, environment, kafka, topics
):
    start(environment)
    for order in (placement(new_id()), placement(new_id())):
        place = kafka, topics.events, home_of(order)
        await append_with_odd_header(*place, order.order_id.encode(), encode(order))
    tables.wait_for(head=2)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"ENGINE_PARTITIONS": "7"}, f"set ENGINE_PARTITIONS={TEST_PARTITIONS}"),
        ({"ENGINE_PARTITIONS": "none"}, "ENGINE_PARTITIONS is 'none'"),
        ({"ENGINE_PROJECTOR_LEASE_MS": "1"}, "ENGINE_PROJECTOR_LEASE_MS is '1'"),
    ],
)
def test_a_wrong_setting_stops_it_with_a_sentence(start, environment, settings, sentence):
    projector = start(environment | settings, ready=False)
    assert projector.process.wait(10) == 2
    assert sentence in projector.log
    assert len(projector.log.splitlines()) == 1


def test_tables_for_another_number_of_partitions_stop_it(start, environment, tables):
    tables.run("update projection_pointer set partitions = 9")
    projector = start(environment, ready=False)
    assert projector.process.wait(10) == 2
    assert "set ENGINE_PARTITIONS=9" in projector.log


def test_tables_of_another_log_stop_it(start, environment, tables):
    tables.run("update projection_offsets set next_offset = 1000 where partition = 0")
    projector = start(environment, ready=False)
    assert projector.process.wait(20) == 2
    assert "the tables belong to another log" in projector.log


async def test_a_log_whose_beginning_was_deleted_stops_it(log, start, environment, kafka, topics):
    events = lives(20)
    await log.append(*events)
    partition = TopicPartition(topics.events, home_of(events[0]))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({partition: RecordsToDelete(before_offset=2)})
    await admin.close()
    projector = start(environment, ready=False)
    assert projector.process.wait(20) == 2
    assert "records were deleted that the tables never had" in projector.log


def sum_of_offsets(tables):
    [row] = tables.rows("select sum(next_offset) as total from projection_offsets")
    return row["total"]


def place_of(letter):
    headers = dict(letter.headers)
    return headers["topic"], headers["partition"], headers["offset"]
