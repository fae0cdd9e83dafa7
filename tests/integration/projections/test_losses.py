"""Tables that are lost, broken, half-made or of another engine: the log makes them anew."""

import json
import uuid

import psycopg
import pytest
from psycopg import AsyncConnection

from orders.admission import admit
from orders.topics import partition_of
from orders.wire import encode
from projections.batch import Reading
from projections.schema import LAYOUT, make_readable
from streams.recovery import _OPEN, ProjectionAway, read_snapshot
from tests.integration.projections.conftest import lives, opened_store
from tests.integration.projections.histories import IN_TIME, PARTITIONS, delivered
from tests.support.builders import failed, placed
from tests.support.servers import TEST_PARTITIONS, run_sql, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

REBUILD = ("cli.main", "projection", "rebuild", "--json")


def has_begun(tables):
    try:
        return tables.rows("select from projection_2.orders limit 1")
    except psycopg.errors.UndefinedTable:
        return False


async def test_a_rebuild_that_is_killed_half_way_has_harmed_nothing(
    log, tables, start, environment
):
    await log.append(*lives(4_000))
    start(environment)
    tables.wait_for(head=12_000, timeout=60)
    pointer = tables.pointer

    killed = start(environment, "killed", *REBUILD, ready=False)
    wait_until(lambda: has_begun(tables), 30, "the rebuild has begun")
    killed.kill()
    assert tables.pointer == pointer
    assert tables.schemas == {"projection_1", "projection_2"}
    await log.append(*lives(10))
    tables.wait_for(head=12_030)

    again = start(environment, "again", *REBUILD, ready=False)
    assert again.process.wait(60) == 0
    assert json.loads(again.log)["numbersKept"]
    assert tables.pointer == pointer | {"schema_name": "projection_2"}
    await log.assert_told_by(tables)
    await log.append(*lives(10))
    tables.wait_for(head=12_060)


@pytest.mark.parametrize("table", ["order_events", "orders", "projection_offsets"])
async def test_a_table_that_is_dropped_is_made_again_from_the_log(
    log, tables, start, environment, table
):
    await log.append(*lives(100))
    projector = start(environment)
    tables.wait_for(head=300)
    epoch = tables.pointer["epoch"]
    tables.run(f"drop table {table}")
    await log.append(*lives(100))
    projector.wait_until_said("tables rebuilt")
    tables.wait_for(head=600)
    await log.assert_told_by(tables)
    assert (tables.pointer["epoch"] == epoch) == (table == "orders")
    assert await log.dead_letters() == []


async def test_a_rebuild_with_new_numbers_leaves_the_dead_letters_to_the_projector(
    log, tables, start, environment
):
    await log.append(*lives(100))
    former = start(environment)
    tables.wait_for(head=300)
    assert former.stop() == 0
    tables.run("drop table order_events")
    await log.append_records((0, b"key", b"poison"))
    await log.append(*lives(100))
    start(environment).wait_until_said("tables rebuilt")
    tables.wait_for(head=600)
    await log.assert_told_by(tables)
    assert [letter.value for letter in await log.dead_letters()] == [b"poison"]


async def test_a_database_that_is_lost_whole_is_filled_from_the_log_in_a_new_epoch(
    log, tables, start, environment, postgres
):
    name = tables.url.rpartition("/")[2]
    await log.append(*lives(100))
    both = [start(environment, f"projector-{number}") for number in (1, 2)]
    tables.wait_for(head=300)
    epoch = tables.pointer["epoch"]
    run_sql(postgres, "drop database {} with (force)", name)
    await log.append(*lives(100))
    both[0].wait_until_said("waiting for Kafka or PostgreSQL")
    run_sql(postgres, "create database {}", name)
    for one in both:
        one.wait_until_said("answer again")
    tables.wait_for(head=600)
    assert tables.pointer["epoch"] != epoch
    await log.assert_told_by(tables)
    assert [one.stop() for one in both] == [0, 0]


BEFORE_STAGES = (
    "alter table orders drop column open, drop column stage",
    "create index orders_open on orders (partition) where state is not null",
)
OLDER = (
    *BEFORE_STAGES,
    "alter table orders drop column client_order_id",
    "alter table orders drop column tags",
    "drop table order_labels",
    "drop table order_counts",
    "alter table public.projection_pointer drop column layout",
)


async def test_tables_of_an_older_layout_are_rebuilt_at_the_start(log, tables, start, environment):
    await log.append(*lives(500))
    former = start(environment)
    tables.wait_for(head=1500)
    assert former.stop() == 0
    epoch = tables.pointer["epoch"]
    numbered = tables.rows('select seq, partition, "offset" from order_events order by seq')
    tables.run(*OLDER)
    await log.append(*lives(500))

    both = [start(environment, f"projector-{number}") for number in (1, 2)]
    tables.wait_for(head=3000)
    assert tables.pointer | {"schema_name": "", "id": 0} == {
        "id": 0,
        "schema_name": "",
        "epoch": epoch,
        "partitions": TEST_PARTITIONS,
        "layout": LAYOUT,
    }
    await log.assert_told_by(tables)
    kept = tables.rows('select seq, partition, "offset" from order_events order by seq')
    assert kept[:1500] == numbered
    assert sum(one.log.count("tables rebuilt") for one in both) == 1
    wait_until(lambda: len(tables.schemas) == 1, 30, "the former tables are removed")


async def test_tables_of_an_older_layout_are_read_while_they_are_rebuilt(tables):
    [waiting, ended] = [str(uuid.UUID(int=number)) for number in (3, 4)]
    told = [placed(order_id=waiting), placed(order_id=ended), failed(2, order_id=ended)]
    records = delivered([(one.order_id, encode(one), IN_TIME) for one in told])
    async with opened_store(tables.url) as store:
        await store.apply([Reading(record, admit(record, PARTITIONS)) for record in records])
    tables.run(*BEFORE_STAGES)
    with pytest.raises(ProjectionAway, match="open"):
        await read_snapshot(tables.url, partition_of(waiting, PARTITIONS))
    async with await AsyncConnection.connect(tables.url, autocommit=True) as connection:
        await make_readable(connection, "projection_1")
    assert [*(await read_snapshot(tables.url, partition_of(waiting, PARTITIONS))).open] == [waiting]
    assert not (await read_snapshot(tables.url, partition_of(ended, PARTITIONS))).open.get(ended)
    with tables.reading() as connection:
        connection.execute("set enable_seqscan = off; set enable_bitmapscan = off")
        plan = connection.execute(f"explain {_OPEN}", [1]).fetchall()
    assert any("using orders_open" in line["QUERY PLAN"] for line in plan)
    staged = tables.rows("select k.stage from orders k order by order_id")
    assert [row["stage"] for row in staged] == ["moving", "failed"]


def test_tables_of_a_newer_layout_stop_it_with_a_sentence(start, environment, tables):
    tables.run("update projection_pointer set layout = layout + 1")
    projector = start(environment, ready=False)
    assert projector.process.wait(10) == 2
    assert f"the tables have layout {LAYOUT + 1}" in projector.log
    assert len(projector.log.splitlines()) == 1
    rebuild = start(environment, "rebuild", *REBUILD, ready=False)
    assert rebuild.process.wait(10) == 2
    assert "upgrade the engine" in rebuild.log
