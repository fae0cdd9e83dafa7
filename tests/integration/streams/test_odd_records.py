"""A stream worker on a log that holds more than events."""

import psycopg
import pytest

from orders.topics import partition_of
from tests.support.log import eventually, placements
from tests.support.odd_clients import (
    append_as_batch,
    append_in_transaction,
    append_raw,
    append_with_odd_header,
)
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


async def test_a_worker_passes_whatever_else_stands_in_the_log(run, log, kafka, topics, chain_url):
    """Also while it recovers, from the log's very beginning: there is no projection."""
    before, after = placements(2)
    home = partition_of(before.order_id, TEST_PARTITIONS)
    place, key = (kafka, topics.events, home), before.order_id.encode()

    async def poison():
        await append_raw(*place, key, b"not JSON")
        await append_in_transaction(*place, (key, b"poison"))
        await append_with_odd_header(*place, key, b"poison")
        await append_as_batch(*place, None, None)
        await append_in_transaction(*place, (key, None), commit=False)

    await poison()
    await log.append(before)
    await poison()
    worker = run("worker")

    await eventually(lambda: is_settled(chain_url, before))
    await poison()
    await log.append(after)
    await eventually(lambda: is_settled(chain_url, after))
    assert worker.poll() is None


async def is_settled(chain_url, order):
    query = "select from chain_ledger where execution_id = %s and status = 'settled'"
    try:
        async with await psycopg.AsyncConnection.connect(chain_url) as connection:
            return (await connection.execute(query, [f"{order.order_id}:1"])).rowcount == 1
    except psycopg.errors.UndefinedTable:
        return False
