"""Where all is well, `engine verify` says so, whatever else the log holds."""

import uuid

import pytest

from tests.integration.audit.world import SETTLED, VOID, routed
from tests.support import builders
from tests.support.odd_clients import append_in_transaction, append_with_odd_header

pytestmark = pytest.mark.integration


@pytest.fixture
def fresh_id():
    return str(uuid.uuid4())


async def test_an_engine_that_lost_nothing(world, tmp_path):
    ids = [*await world.live(3), await world.live_twice()]
    await world.project()
    accepted = tmp_path / "accepted.txt"
    accepted.write_text("".join(f"{order_id}\n" for order_id in ids))
    answer = await world.verified("--accepted", accepted)
    assert (answer.code, answer.broken) == (0, {})
    assert (answer.told["orders"], answer.told["events"]) == (4, 15)
    assert answer.told["ended"] == {"completed": 4}
    checked = [one["checked"] for one in answer.told["invariants"]]
    assert checked == [4, 4, 4, 21, 15, 4, 15, 2, 5, 0]


async def test_an_engine_that_has_done_nothing_yet(world):
    answer = await world.verified()
    assert (answer.code, answer.told["orders"]) == (0, 0)


async def test_what_is_told_to_people(world):
    await world.live()
    await world.project()
    answer = await world.verified(as_json=False)
    assert answer.code == 0
    assert "every accepted order is in the log" in answer.output
    assert "1 orders (1 completed), 3 events of 3 records" in answer.output


async def test_records_that_are_not_admitted_change_nothing(world, fresh_id):
    [order_id] = await world.live()
    home, key, value = world.record(builders.failed(4, order_id=order_id))
    elsewhere = (home + 1) % 4
    await world.append(
        *[(home, None, value, 3), (home, b"another", value, 3), (elsewhere, key, value, 3)],
        *[(home, key, b"not JSON", 3), (home, key, None, 3), (home, None, b"", 3)],
        (home, b"\xff", b"x" * 900_000, 3),
    )
    await world.tell((11, world.placed(fresh_id)))
    await world.project()
    answer = await world.verified()
    assert (answer.code, answer.told["events"], answer.told["records"]) == (0, 3, 11)
    flaws = ("LATE_PLACEMENT", "NOT_AN_EVENT", "WRONG_KEY", "WRONG_PARTITION")
    assert answer.told["notAdmitted"] == dict(zip(flaws, (1, 4, 2, 1), strict=True))
    assert answer.checked("I10") == 1


async def test_whatever_other_clients_write_the_log_is_read(world, fresh_id):
    [order_id] = await world.live()
    home, key, value = world.record(builders.failed(9, order_id=order_id))
    late = world.record(world.placed(fresh_id, not_after=world.at(1000)))
    await append_with_odd_header(world.kafka, world.topic, home, key, value)
    await append_in_transaction(world.kafka, world.topic, late[0], late[1:])
    await append_in_transaction(world.kafka, world.topic, home, (key, value), commit=False)
    await world.tell((3, builders.failed(9, order_id=order_id)))
    await world.project()
    answer = await world.verified()
    assert (answer.code, answer.told["records"], answer.told["superseded"]) == (0, 7, 3)
    told = await world.run("replay", "--format", "jsonl")
    assert (told.exit_code, len(told.stdout.splitlines())) == (0, 7)


async def test_superseded_events_change_nothing(world, fresh_id):
    [order_id] = await world.live()
    await world.tell(
        (3, routed(order_id)),
        (4, builders.failed(3, order_id=order_id)),
        (5, builders.failed(9, order_id=order_id)),
        (6, world.placed(order_id)),
        (7, routed(fresh_id)),
    )
    await world.project()
    answer = await world.verified()
    assert (answer.code, answer.told["superseded"], answer.told["orders"]) == (0, 5, 1)


async def test_an_impossible_event_that_quarantined_its_order_is_told_and_holds(world, fresh_id):
    await world.live()
    await world.tell((0, world.placed(fresh_id)), (1, builders.executed(2, order_id=fresh_id)))
    await world.project()
    answer = await world.verified()
    assert (answer.code, answer.told["quarantined"]) == (0, [fresh_id])
    assert answer.told["open"] == {"quarantined": 1}


@pytest.mark.parametrize("end", ["executed", "failed"])
async def test_an_execution_of_a_quarantined_order_is_recorded_after_all(world, fresh_id, end):
    ends = {
        "executed": (builders.executed(3, order_id=fresh_id), SETTLED),
        "failed": (builders.failed(3, code="QUARANTINED", order_id=fresh_id), VOID),
    }
    last, entry = ends[end]
    world.land(f"{fresh_id}:1", **entry)
    gap = builders.retry_due(9, 2, order_id=fresh_id)
    await world.tell((0, world.placed(fresh_id)), (1, routed(fresh_id)), (2, gap), (3, last))
    await world.project()
    answer = await world.verified()
    assert (answer.code, answer.told["quarantined"]) == (0, [fresh_id])


async def test_open_orders_that_go_on(world):
    waiting, flying, parked = (world.id_in(2) for _ in range(3))
    late = world.at(200)
    last = builders.retry_scheduled(6, 3, order_id=waiting)
    await world.tell(
        (0, world.placed(parked, not_after=late)),
        (0, world.placed(waiting, not_after=late)),
        (1, builders.retry_scheduled(2, 1, order_id=waiting)),
        (3, builders.retry_due(3, 2, order_id=waiting)),
        (4, builders.retry_scheduled(4, 2, order_id=waiting)),
        (8, builders.retry_due(5, 3, order_id=waiting)),
        (60, last),
        (100, world.placed(flying, not_after=late)),
        (100, routed(flying)),
    )
    await world.project()
    answer = await world.verified()
    assert answer.told["open"] == {"in flight": 1, "parked": 1, "waiting": 1}
    assert answer.code == 0
    assert (await world.verified("--stuck-after", "10")).blames_all(waiting, flying, parked)


async def test_tables_that_are_behind_are_judged_where_they_stand(world):
    await world.live(2)
    await world.project()
    [order_id] = await world.live()
    answer = await world.verified()
    assert (answer.code, answer.told["lag"], answer.told["orders"]) == (0, 3, 3)
    await world.project()
    world.alter("update orders set status = 'failed' where order_id = '{id}'", order_id=order_id)
    assert (await world.verified()).blames(order_id, "I4")


async def test_refused_orders_are_in_the_log_in_time_or_nowhere(world, tmp_path, fresh_id):
    [order_id] = await world.live()
    await world.project()
    refused = tmp_path / "refused.txt"
    refused.write_text(f"\n{order_id}\n{fresh_id}\n")
    answer = await world.verified("--refused", refused)
    assert (answer.code, answer.checked("I10")) == (0, 2)


async def test_a_client_that_named_its_order_twice_may_come_too_late_once(world, fresh_id):
    world.land(f"{fresh_id}:1", **SETTLED)
    await world.tell(
        (0, world.placed(fresh_id)),
        (1, routed(fresh_id)),
        (2, builders.executed(3, order_id=fresh_id)),
        (30, world.placed(fresh_id)),
    )
    await world.project()
    assert (await world.verified()).code == 0


async def test_events_of_an_older_schema(world, fresh_id):
    home, key, value = world.record(world.placed(fresh_id))
    older = value.replace(b'"schema_version":5', b'"schema_version":1')
    older = older.replace(b'"client_order_id":null,"tags":[],', b"")
    assert older != value
    await world.append((home, key, older, 1))
    await world.tell((2, routed(fresh_id)), (3, builders.executed(3, order_id=fresh_id)))
    world.land(f"{fresh_id}:1", **SETTLED)
    await world.project()
    answer = await world.verified()
    assert (answer.code, answer.told["orders"]) == (0, 1), answer.output
