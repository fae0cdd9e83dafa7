"""The transaction: however the same log is cut and delivered, the tables are its fold."""

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.admission import admit
from orders.errors import NewerSchema
from projections.batch import Reading, unread
from projections.lease import LeaseLost
from projections.store import Store
from projections.tables import Diverged
from tests.integration.projections.conftest import opened_store, taken_lease
from tests.integration.projections.histories import (
    IDS,
    PARTITIONS,
    RESET,
    expected,
    life,
    logs,
)

pytestmark = pytest.mark.integration

WAYS = st.lists(st.tuples(st.integers(1, 15), st.integers(0, 5), st.sampled_from([0, 1, 1000])))
ALL = (50, 0, 1000)


def read(store, records):
    """Return what the store has not had yet of these records, judged."""
    fresh = unread(records, store.position.next_offsets)
    return [Reading(record, admit(record, PARTITIONS)) for record in fresh]


async def project(url, records, remembered=1000):
    async with opened_store(url, remembered) as store:
        return await store.apply(read(store, records))


def generated(row):
    """Return what PostgreSQL adds to a row."""
    is_moving = row["status"] in {"pending", "executing"}
    return {
        "open": row["state"] is not None,
        "stage": "moving" if is_moving else row["status"],
    }


def assert_tables_hold(tables, records):
    rows, events = expected(records)
    found = tables.rows("select *, state::text as state from orders")
    assert {row["order_id"]: row for row in found} == {
        order_id: {**row, **generated(row)} for order_id, row in rows.items()
    }
    tables.assert_counts_agree()
    tables.assert_labels_agree()
    assert events == [
        tuple(row.values())
        for row in tables.rows(
            'select seq, partition, "offset", superseded from order_events order by seq'
        )
    ]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(records=logs(), ways=WAYS)
async def test_the_tables_are_the_fold_however_the_log_is_delivered(tables, records, ways):
    tables.run(*RESET)
    done = 0
    for size, repeated, remembered in [*ways, ALL]:
        async with opened_store(tables.url, remembered) as store:
            for _ in range(3):
                await store.apply(read(store, records[max(0, done - repeated) : done + size]))
                done = min(done + size, len(records))
    assert_tables_hold(tables, records)


@pytest.fixture(params=[20, 0], ids=["at once", "in pieces"])
def few(request, monkeypatch):
    """Write records by one statement, or as many more are written."""
    monkeypatch.setattr("projections.store._FEW", request.param)


@pytest.mark.usefixtures("few")
async def test_a_batch_that_fails_half_way_leaves_nothing(tables):
    records = life(IDS[0], 3)
    async with opened_store(tables.url) as store:
        tables.run("update projection_offsets set next_offset = 9")
        with pytest.raises(Diverged, match="stored offsets"):
            await store.apply(read(store, records))
    tables.run("update projection_offsets set next_offset = 0")
    assert_tables_hold(tables, [])
    await project(tables.url, records)
    assert_tables_hold(tables, records)


@pytest.mark.usefixtures("few")
async def test_an_order_that_is_not_there_to_be_changed_stops_the_writer(tables):
    records = life(IDS[0], 3)
    async with opened_store(tables.url) as store:
        await store.apply(read(store, records[:1]))
        tables.run("delete from orders")
        with pytest.raises(Diverged, match="of 1 orders 0 are there"):
            await store.apply(read(store, records))
    assert tables.head == 1


@pytest.mark.usefixtures("few")
async def test_nothing_is_written_once_another_has_the_lease(tables):
    records = life(IDS[0], 5)
    async with opened_store(tables.url) as store:
        await store.apply(read(store, records[:1]))
        tables.run("update projection_lease set backend_pid = null")
        await project(tables.url, records[:3])
        with pytest.raises(LeaseLost):
            await store.apply(read(store, records[:2]))
    assert_tables_hold(tables, records[:3])


async def test_a_connection_that_ends_leaves_nothing(tables):
    async with taken_lease(tables.url) as (connection, lease):
        store = await Store.open(connection, lease, 1000)
        tables.run(f"select pg_terminate_backend({connection.info.backend_pid})")
        with pytest.raises(psycopg.OperationalError):
            await store.apply(read(store, life(IDS[0], 3)))
    assert_tables_hold(tables, [])


async def test_nothing_moves_an_order_that_was_closed_before_the_restart(tables):
    records = life(IDS[0], 7)
    await project(tables.url, records[:6])
    batch = await project(tables.url, records)
    assert [event.superseded for event in batch.events] == [True]
    assert_tables_hold(tables, records)


async def test_a_state_of_an_older_schema_is_folded_again(tables):
    records = life(IDS[0], 5)
    await project(tables.url, records[:3])
    tables.run("update orders set state = '{}', state_schema_version = 0")
    await project(tables.url, records)
    assert_tables_hold(tables, records)


async def test_a_state_of_a_newer_schema_is_not_touched(tables):
    records = life(IDS[0], 5)
    await project(tables.url, records[:3])
    tables.run("update orders set state_schema_version = 99")
    with pytest.raises(NewerSchema, match="upgrade the engine"):
        await project(tables.url, records)
    assert tables.head == 3


async def test_every_batch_tells_its_listeners_the_head(tables):
    with psycopg.connect(tables.url, autocommit=True) as listener:
        listener.execute("listen order_events")
        await project(tables.url, life(IDS[0], 3))
        (notice,) = listener.notifies(timeout=5, stop_after=1)
        assert notice.payload == "3"


async def test_the_log_is_kept_as_it_stands(tables):
    records = [one._replace(value=b" " + one.value + b"\n\t") for one in life(IDS[0], 2)]
    await project(tables.url, records)
    kept = tables.rows("select data::text as data from order_events order by seq")
    assert [row["data"].encode() for row in kept] == [record.value for record in records]
