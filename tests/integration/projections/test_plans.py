"""What a takeover reads: as much with a long history as with a short one."""

import uuid
from datetime import timedelta
from functools import partial
from itertools import count, islice

import psycopg
import pytest

from audit import tables as judged
from orders.admission import admit
from orders.topics import partition_of
from orders.wire import encode
from projections import tables as writer
from projections.batch import Reading
from streams import recovery
from tests.integration.projections.conftest import opened_store
from tests.integration.projections.histories import IN_TIME, PARTITIONS, delivered
from tests.support.builders import failed, placed, retry_scheduled, routed
from tests.support.servers import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

LONG = 50_000
UNKNOWN = [str(uuid.UUID(int=number)) for number in range(50)]
QUESTIONS = {
    "open orders": (recovery._OPEN, [1]),
    "ended orders": (recovery._CLOSED, {"partition": 1, "kept": timedelta(seconds=10)}),
    "offset": (recovery._OFFSET, [1]),
    "winners": (recovery._PLACED, [UNKNOWN]),
    "history": (recovery._HISTORY, [UNKNOWN[0]]),
    "known": (writer._KNOWN, [UNKNOWN]),
    "head": (writer._HEAD, []),
}
OPEN_ONES = (
    "select * from orders where stage = %s order by created_at desc, order_id desc limit 500",
    ["moving"],
)
FILL = (
    """
    insert into orders
    select 'order ' || i, i %% 4, i / 4, 'ann', null, '{}', 'market', 'SOL', 'USDC', 'GTC', null,
           null, to_timestamp(i), to_timestamp(i + 10), 1, 0, null, null, 'pending', null, null,
           null, null, 0, null, null, null, 1, to_timestamp(i), false, false, '{}', 4
    from generate_series(%(first)s::int, %(last)s::int) i
    """,
    """
    update orders set status = 'completed', state = null
    where placed_offset > 0 and placed_offset between %(first)s / 4 and %(last)s / 4
    """,
    """
    insert into order_events
    select i, i %% 4, i / 4, 'order ' || i, 1, 'OrderPlaced', false,
           to_timestamp(i), to_timestamp(i), '{}'
    from generate_series(%(first)s::int, %(last)s::int) i
    """,
)


def fill(tables, orders):
    """Let so many orders come and end, a thousand at a time, but for the very first."""
    with psycopg.connect(tables.url, autocommit=True) as connection:
        connection.execute("set search_path to projection_1")
        # As on every connection of the projector.
        connection.execute("set enable_seqscan to off")
        connection.execute("set enable_bitmapscan to off")
        # Whoever analyzes a table keeps what others would clear away, in all tables.
        for table in ("orders", "order_events"):
            connection.execute(f"alter table {table} set (autovacuum_enabled = off)")
        for first in range(0, orders, 1000):
            for statement in FILL:
                connection.execute(statement, {"first": first, "last": first + 999})
        for partition in range(4):
            connection.execute(writer._SWEEP, [partition])


def pages_read(tables, question, values):
    """Return how many pages answering takes; fail when it reads a table from end to end."""
    with tables.reading() as connection:
        explained = connection.execute(
            f"explain (analyze, buffers, format json) {question}", values
        )
        [found] = explained.fetchone()["QUERY PLAN"]
    assert "Seq Scan" not in {
        node["Node Type"]
        for node in nodes_of(found["Plan"])
        if node.get("Relation Name") in {"orders", "order_events"}
    }
    return found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]


def reads_few_pages(tables, question, values):
    # Whoever analyzed a table of the catalog at the moment of the sweep kept what it would have
    # cleared; the next who reads clears it. A plan that reads it all does so each time.
    return pages_read(tables, question, values) < 100


def nodes_of(plan):
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes_of(child))]


@pytest.mark.parametrize("analyzed", [False, True])
def test_a_takeover_reads_as_much_after_a_long_history_as_after_a_short_one(tables, analyzed):
    fill(tables, LONG)
    if analyzed:
        tables.run("analyze")
    for name, asked in QUESTIONS.items():
        wait_until(partial(reads_few_pages, tables, *asked), 10, name)


async def test_ended_orders_are_cleared_from_the_indexes_of_the_open_ones(tables):
    tables.run("alter table orders set (autovacuum_enabled = off)")
    ids = (str(uuid.UUID(int=number)) for number in count())
    here = [*islice((one for one in ids if partition_of(one, PARTITIONS) == 1), 6_000)]
    told = [
        *[(order_id, encode(placed(order_id=order_id)), IN_TIME) for order_id in here],
        *[(order_id, encode(failed(2, order_id=order_id)), IN_TIME) for order_id in here],
    ]
    readings = [Reading(record, admit(record, PARTITIONS)) for record in delivered(told)]
    async with opened_store(tables.url) as store:
        for first in range(0, len(readings), 3_000):
            await store.apply(readings[first : first + 3_000])
    assert pages_read(tables, *QUESTIONS["open orders"]) < 100
    assert pages_read(tables, *OPEN_ONES) < 100
    assert pages_read(tables, judged._MOVING, []) < 100


async def test_an_order_that_begins_to_execute_is_written_to_no_index(tables):
    ids = [str(uuid.UUID(int=number)) for number in range(400)]
    told = [
        *[(order_id, encode(placed(order_id=order_id)), IN_TIME) for order_id in ids],
        *[(order_id, encode(routed(2, order_id=order_id)), IN_TIME) for order_id in ids],
    ]
    readings = [Reading(record, admit(record, PARTITIONS)) for record in delivered(told)]
    async with opened_store(tables.url) as store:
        await store.apply(readings[:400])
        await store.apply(readings[400:])
    # Told when the writer's connection has ended.
    wait_until(lambda: changes(tables)[0] == 400, 10, "the changes are counted")
    # The others found no room in their pages.
    assert changes(tables)[1] > 400 * 3 / 4


def changes(tables):
    """Return how many rows of orders were changed, and how many of those in no index."""
    [row] = tables.rows(
        "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'orders'"
    )
    return (*row.values(),)


async def test_a_takeover_finds_open_orders_as_they_were_placed_and_keeps_each_id_once(tables):
    ids = (str(uuid.UUID(int=number)) for number in count())
    here = [*islice((one for one in ids if partition_of(one, PARTITIONS) == 1), 20)]
    told = [
        *[(order_id, encode(placed(order_id=order_id)), IN_TIME) for order_id in here],
        # A row that changes moves to the end of its table.
        *[
            (order_id, encode(retry_scheduled(2, order_id=order_id)), IN_TIME)
            for order_id in here[:9]
        ],
    ]
    readings = [Reading(record, admit(record, PARTITIONS)) for record in delivered(told)]
    async with opened_store(tables.url) as store:
        for first in (0, len(here)):
            await store.apply(readings[first : first + len(here)])
    snapshot = await recovery.read_snapshot(tables.url, 1)
    assert list(snapshot.open) == here
    assert all(key is order.placement.order_id for key, order in snapshot.open.items())
