"""Placements sent again, to real API processes, on the real log and the real projection."""

import asyncio
import os
import signal
from collections import Counter
from contextlib import AsyncExitStack, contextmanager

import httpx
import pytest

from bench.servers import running
from local import jars
from local.kafka import Kafka
from local.ports import free_ports
from local.topics import Layout, create_topics
from orders.ids import order_id_of
from orders.topics import Topics
from tests.support.builders import failed
from tests.support.log import eventually, read_events
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(90)]

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, "userId": "alice"}
SLOW = 40
PATIENT = {"ENGINE_READ_PATIENCE_MS": "20000"}


@pytest.fixture
async def client():
    """Return what makes a client of an API process."""
    async with AsyncExitStack() as opened:

        async def connect(api):
            limits = httpx.Limits(max_connections=SLOW)
            session = httpx.AsyncClient(base_url=api.url, timeout=SLOW, limits=limits)
            return await opened.enter_async_context(session)

        yield connect


async def place(http, name, **changes):
    headers = {"Idempotency-Key": name}
    return await http.post("/api/orders/execute", json={**BODY, **changes}, headers=headers)


async def follows(http, name="first"):
    """Return once the projection does, which may still be starting."""

    async def replayed():
        answer = await place(http, name)
        assert answer.status_code in {200, 202, 503}
        return answer.status_code == 200

    await eventually(replayed)


@pytest.fixture
def placements(kafka, topics):
    """Return what reads every placement of a name from a log, the session's or another."""

    async def read(name, address=kafka, topic=topics.events):
        events = await read_events(address, topic, TEST_PARTITIONS)
        return [event for event in events if event.order_id == order_id_of("alice", name)]

    return read


@contextmanager
def frozen(process):
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def test_one_order_comes_of_fifty_placements_at_once_and_after_a_restart(
    start_api, projector, client, placements
):
    processes = [start_api(**PATIENT) for _ in range(3)]
    clients = [await client(api) for api in processes]
    await follows(clients[0])
    for name in ("a", "b", "c"):
        sent = (place(clients[number % 3], name) for number in range(50))
        answers = await asyncio.gather(*sent)
        assert Counter(answer.status_code for answer in answers) == {202: 1, 200: 49}
        assert len({answer.content for answer in answers}) == 1
    for api in processes:
        api.process.send_signal(signal.SIGTERM)
        api.process.wait()
    again = await client(start_api())
    for name in ("a", "b", "c"):
        count = len(await placements(name))
        answer = await place(again, name)
        assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (200, "true")
        assert answer.json()["orderId"] == order_id_of("alice", name)
        assert len(await placements(name)) == count


async def test_of_different_bodies_at_the_same_moment_one_is_the_order(
    start_api, projector, client, placements
):
    one, other = [await client(start_api(**PATIENT)) for _ in range(2)]
    await follows(one)
    for number in range(10):
        name = f"race-{number}"
        answers = await asyncio.gather(
            *(place(http, name, amount=n) for n in (10, 11, 10.0) for http in (one, other))
        )
        [first, *_] = await placements(name)
        expected = {10: {202: 1, 200: 3, 409: 2}, 11: {202: 1, 200: 1, 409: 4}}
        found = Counter(answer.status_code for answer in answers)
        assert found == expected[int(first.terms.amount)]
        stored = (await one.get(f"/api/orders/{first.order_id}")).json()
        assert stored["amount"] == first.terms.amount


@pytest.mark.usefixtures("projector")
@pytest.mark.parametrize(("point", "again"), [("before-append", 202), ("after-append", 200)])
async def test_a_process_killed_before_it_answered_leaves_a_request_to_repeat(
    start_api, client, placements, tmp_path, point, again
):
    dying = start_api(ENGINE_PROCESS="api-1", ENGINE_CRASH_DIR=str(tmp_path))
    http = await client(dying)
    await follows(http)
    (tmp_path / f"api-1.{point}").touch()
    with pytest.raises(httpx.HTTPError):
        await place(http, "mine")
    assert dying.process.wait(10) == -signal.SIGKILL
    answer = await place(await client(start_api()), "mine")
    assert answer.status_code == again
    assert len(await placements("mine")) == 1


async def test_a_projection_that_stands_still_is_told_and_the_repeat_finds_the_order(
    api, projector, client
):
    http = await client(api)
    await follows(http)
    with frozen(projector):
        answer = await place(http, "mine")
        assert (answer.status_code, answer.json()["error"]) == (503, "PROJECTION_LAGGING")
        assert answer.json()["orderId"] == order_id_of("alice", "mine")
    await follows(http, "mine")
    assert (await place(http, "mine", amount=11)).status_code == 409


async def test_without_a_projection_only_placements_without_a_name_are_taken(
    serve, client, postgres, placements
):
    http = await client(await serve(database_url=postgres))
    answer = await place(http, "mine")
    assert (answer.status_code, answer.json()["error"]) == (503, "PROJECTION_UNAVAILABLE")
    assert answer.json()["orderId"] == order_id_of("alice", "mine")
    assert (await http.post("/api/orders/execute", json=BODY)).status_code == 202
    assert not await placements("mine")


@pytest.fixture
async def own_kafka(tmp_path):
    """Return a Kafka of this test alone, and its process."""
    server = Kafka(tmp_path / "kafka", *free_ports(2), jars.fetch())
    server.prepare()
    with running(server.program(tmp_path / "kafka.log")) as process:
        await create_topics(server.address, Topics(), Layout(TEST_PARTITIONS))
        yield server.address, process


@pytest.fixture
def start_two(spawn, start_api):
    """Start a projector and two API processes on topics without a prefix."""

    def start(**settings):
        variables = {"ENGINE_TOPIC_PREFIX": "", **settings}
        spawn("projections", **variables)
        return [start_api(**variables) for _ in range(2)]

    return start


@pytest.mark.parametrize(("window_ms", "again"), [("3000", 202), ("60000", 200)])
async def test_what_lands_after_its_503_counts_only_when_it_was_in_time(
    own_kafka, start_two, client, placements, window_ms, again
):
    address, process = own_kafka
    processes = start_two(ENGINE_KAFKA=address, ENGINE_PLACEMENT_WINDOW_MS=window_ms)
    one, other = [await client(api) for api in processes]
    await follows(one)
    await follows(other)
    with frozen(process):
        refused = await place(one, "mine")
        assert (refused.status_code, refused.json()["error"]) == (503, "LOG_UNAVAILABLE")
    await eventually(lambda: placements("mine", address, Topics().events))
    assert (await place(other, "mine")).status_code == again
    for http in (one, other):
        assert (await place(http, "mine")).status_code == 200
        assert (await place(http, "mine", amount=11)).status_code == 409


async def test_above_the_limit_of_unfinished_orders_placements_are_refused(
    serve, projector, client, happens
):
    http = await client(await serve(max_unfinished=2))
    await follows(http)
    placed = {order_id_of("alice", "first")}

    async def refused():
        answer = await http.post("/api/orders/execute", json=BODY)
        if answer.status_code == 202:
            placed.add(answer.json()["orderId"])
        return answer if answer.status_code == 503 else None

    answer = await eventually(refused)
    assert answer.json()["error"] == "ENGINE_BUSY"
    assert answer.headers["Retry-After"] == "1"
    assert (await place(http, "new")).json()["error"] == "ENGINE_BUSY"
    assert (await place(http, "first")).status_code == 200
    assert len(placed) >= 3
    await happens(*(failed(2, order_id=order_id) for order_id in placed))

    async def accepted():
        return (await place(http, "new")).status_code == 202

    await eventually(accepted)
