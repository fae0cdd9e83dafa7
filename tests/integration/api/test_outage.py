"""Kafka and PostgreSQL go away and come back; the API process needs no hand."""

import asyncio
import os
import signal
import time
import uuid
from contextlib import asynccontextmanager, contextmanager

import httpx
import psutil
import pytest
import websockets

from bench.servers import running
from local import jars
from local.kafka import Kafka
from local.ports import free_ports
from local.postgres import Postgres, create_databases
from local.topics import Layout, create_topics
from orders.topics import Topics
from projections import schema
from tests.integration.api.test_sockets import life, told
from tests.support.log import append, eventually, read_events
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

PLACEMENT = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}


@contextmanager
def frozen(process):
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def accepted(http):
    answer = await http.post("/api/orders/execute", json=PLACEMENT)
    return answer.json()["orderId"] if answer.status_code == 202 else None


async def test_while_kafka_stands_still_nothing_is_accepted_and_then_all_goes_on(
    tmp_path, start_api, database_url
):
    port, controller_port = free_ports(2)
    server = Kafka(tmp_path / "kafka", port, controller_port, jars.fetch())
    server.prepare()
    with running(server.program(tmp_path / "kafka.log")) as process:
        await create_topics(server.address, Topics(), Layout(TEST_PARTITIONS))
        api = start_api(ENGINE_KAFKA=server.address, ENGINE_TOPIC_PREFIX="")
        async with httpx.AsyncClient(base_url=api.url, timeout=20) as http:
            before = await eventually(lambda: accepted(http))
            with frozen(process):
                begun = time.monotonic()
                refused = await http.post("/api/orders/execute", json=PLACEMENT)
                assert 4.5 < time.monotonic() - begun < 6.5
                assert (refused.status_code, refused.json()["error"]) == (503, "LOG_UNAVAILABLE")
                health = await http.get("/health")
                assert (health.status_code, health.json()["checks"]["kafka"]) == (503, "down")
                unknown = await http.get(f"/api/orders/{uuid.uuid4()}")
                assert (unknown.status_code, unknown.json()["error"]) == (503, "LOG_UNAVAILABLE")
            after = await eventually(lambda: accepted(http))
            events = await read_events(server.address, Topics().events, TEST_PARTITIONS)
            known = {event.order_id for event in events}
            assert known - {refused.json()["orderId"]} >= {before, after}
            await eventually(lambda: healthy(http))


async def healthy(http):
    return (await http.get("/health")).status_code == 200


async def listed(http):
    return (await http.get("/api/orders")).status_code == 200


class Tables:
    """A PostgreSQL of this test alone, with a projector, that can go away and come back."""

    def __init__(self, directory, spawn):
        self._server = Postgres(directory / "postgres", *free_ports(1))
        self._server.prepare()
        self._log_file = directory / "postgres.log"
        self._spawn = spawn

    @property
    def url(self):
        return self._server.url("tables")

    @asynccontextmanager
    async def there(self):
        with running(self._server.program(self._log_file)):
            create_databases(self._server.url("postgres"), ("tables",))
            await asyncio.to_thread(schema.create, self.url, TEST_PARTITIONS)
            projector = self._spawn("projections", ENGINE_DATABASE_URL=self.url)
            yield
        projector.kill()


async def test_while_postgres_is_away_orders_are_accepted_and_then_all_is_read(
    tmp_path, start_api, spawn, kafka, topics
):
    tables = Tables(tmp_path, spawn)
    order_id = str(uuid.uuid4())
    first, *more = life(order_id)
    await append(kafka, topics.events, TEST_PARTITIONS, first)
    async with tables.there():
        api = start_api(ENGINE_DATABASE_URL=tables.url)
        follower = await followed(api, order_id)
    async with follower, httpx.AsyncClient(base_url=api.url, timeout=20) as http:
        placed = await accepted(http)
        unread = await http.get("/api/orders")
        assert (unread.status_code, unread.json()["error"]) == (503, "PROJECTION_UNAVAILABLE")
        health = await http.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        await append(kafka, topics.events, TEST_PARTITIONS, *more)
        async with tables.there():
            begun = time.monotonic()
            await eventually(lambda: listed(http))
            assert time.monotonic() - begun < 3
            await eventually(lambda: known(http, placed))
            assert [(await told(follower))["version"] for _ in more] == [2, 3]
            await follower.wait_closed()
            assert follower.close_code == 1000


async def followed(api, order_id):
    async with httpx.AsyncClient(base_url=api.url, timeout=20) as http:
        await eventually(lambda: known(http, order_id))
    follower = await websockets.connect(f"{api.ws}/ws/{order_id}")
    assert (await told(follower))["status"] == "pending"
    return follower


async def test_a_postgres_that_stands_still_holds_nobody_for_long(tmp_path, start_api):
    server = Postgres(tmp_path / "postgres", *free_ports(1))
    server.prepare()
    with running(server.program(tmp_path / "postgres.log")) as process:
        create_databases(server.url("postgres"), ("tables",))
        await asyncio.to_thread(schema.create, server.url("tables"), TEST_PARTITIONS)
        api = start_api(ENGINE_DATABASE_URL=server.url("tables"))
        async with httpx.AsyncClient(base_url=api.url, timeout=20) as http:
            await eventually(lambda: listed(http))
            backends = [child.pid for child in psutil.Process(process.pid).children()]
            for pid in (process.pid, *backends):
                os.kill(pid, signal.SIGSTOP)
            try:
                begun = time.monotonic()
                answer = await http.get("/api/orders")
                assert (answer.status_code, time.monotonic() - begun < 4) == (503, True)
                assert (await http.get("/health")).json()["checks"]["postgres"] == "down"
                assert await accepted(http)
            finally:
                for pid in (process.pid, *backends):
                    os.kill(pid, signal.SIGCONT)
            await eventually(lambda: listed(http))


async def known(http, order_id):
    return (await http.get(f"/api/orders/{order_id}")).status_code == 200
