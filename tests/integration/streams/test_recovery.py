"""What recovery reads of the projection."""

import asyncio

import psycopg
import pytest

from streams.recovery import read_snapshot
from tests.support.servers import wait_until

pytestmark = pytest.mark.integration

BLOCKED = """
select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock'
"""
NOW = "select clock_timestamp()"


async def test_the_time_of_a_snapshot_is_that_of_its_end_however_long_it_took(database_url):
    with psycopg.connect(database_url) as slow, psycopg.connect(database_url) as watch:
        watch.autocommit = True
        slow.execute("lock table projection_1.orders in access exclusive mode")
        reading = asyncio.create_task(read_snapshot(database_url, 0))
        await asyncio.to_thread(wait_until, lambda: watch.execute(BLOCKED).fetchall() == [(1,)])
        [[while_it_reads]] = watch.execute(NOW).fetchall()
        slow.rollback()
        assert (await reading).read_at > while_it_reads
