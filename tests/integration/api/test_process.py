"""The API process itself: how it starts, whom it can do without, how it stops."""

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
import websockets

from local.ports import free_ports
from tests.support.servers import wait_until

pytestmark = pytest.mark.integration

NOWHERE = {
    "ENGINE_KAFKA": "127.0.0.1:9",
    "ENGINE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
}
PLACEMENT = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}


@pytest.fixture
def environment():
    return {**os.environ, **NOWHERE, "ENGINE_APPEND_PATIENCE_MS": "2000"}


def run(environment, **settings):
    return subprocess.run(
        [sys.executable, "-m", "api"],
        env={**environment, **settings},
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )


def test_a_taken_port_is_told_in_one_sentence(environment):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = run(environment, ENGINE_PORT=port)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert port in ended.stderr
    assert "ENGINE_PORT" in ended.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENGINE_PORT", "70000"),
        ("ENGINE_KAFKA", "x"),
        ("ENGINE_API_FD", "999"),
        ("ENGINE_AUTH", "jwt"),
        ("ENGINE_JWT_SECRET", "too short"),
    ],
)
def test_a_setting_that_makes_no_sense_is_told_in_one_sentence(environment, name, value):
    ended = run(environment, **{name: value})
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert name in ended.stderr
    assert "too short" not in ended.stderr


def test_it_serves_on_an_inherited_socket(environment):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        number = listening.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "api"],
            env={**environment, "ENGINE_API_FD": str(number), "ENGINE_PORT": "1"},
            pass_fds=[number],
        )
        port = listening.getsockname()[1]
    try:
        with httpx.Client(timeout=20) as client:
            assert client.get(f"http://127.0.0.1:{port}/docs").status_code == 200
    finally:
        process.kill()
        process.wait()


def test_without_kafka_and_postgres_it_serves_and_says_so(start_api):
    api = start_api()
    with httpx.Client(base_url=api.url, timeout=20) as client:
        health = client.get("/health")
        assert (health.status_code, health.json()["status"]) == (503, "down")
        assert health.json()["checks"] == {
            "kafka": "down",
            "postgres": "down",
            "projectionLag": None,
            "market": "ok",
        }
        begun = time.monotonic()
        refused = client.post("/api/orders/execute", json=PLACEMENT)
        assert time.monotonic() - begun < 4
        assert (refused.status_code, refused.json()["error"]) == (503, "LOG_UNAVAILABLE")
        assert refused.json()["orderId"]
        unread = client.get("/api/orders")
        assert (unread.status_code, unread.json()["error"]) == (503, "PROJECTION_UNAVAILABLE")


def test_it_takes_as_many_sockets_as_it_may(start_api):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        api = start_api()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with httpx.Client(base_url=api.url, timeout=20) as client:
        assert client.get("/docs").status_code == 200
    assert resource.prlimit(api.process.pid, resource.RLIMIT_NOFILE)[0] > 512


def test_what_is_no_http_is_answered_and_not_told(start_api, capfd):
    api = start_api()
    with socket.create_connection(("127.0.0.1", api.port), 20) as client:
        client.sendall(b"nonsense\r\n\r\n")
        assert b'"BAD_REQUEST"' in client.makefile("rb").read()
    assert "Invalid HTTP" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_within_five_seconds_and_tells_whoever_waits(start_api, number):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kafka = f"127.0.0.1:{silent.getsockname()[1]}"
        api = start_api(ENGINE_KAFKA=kafka, ENGINE_APPEND_PATIENCE_MS="30000")
        _stop_while_somebody_waits(api, number)


def _stop_while_somebody_waits(api, number):
    with (
        socket.create_connection(("127.0.0.1", api.port)) as idle,
        socket.create_connection(("127.0.0.1", api.port)) as waiting,
    ):
        idle.sendall(b"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(100)
        body = b'{"tokenIn":"SOL","tokenOut":"USDC","amount":10}'
        head = b"POST /api/orders/execute HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        waiting.sendall(head % len(body) + body)
        time.sleep(0.3)
        begun = time.monotonic()
        api.process.send_signal(number)
        assert api.process.wait(6) == 0
        assert time.monotonic() - begun < 5
        answer = waiting.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 503")
        assert b'"orderId"' in answer


def test_a_log_of_another_shape_stops_it_with_a_sentence(environment, kafka, topic_prefix, topics):
    prefix = {"ENGINE_KAFKA": kafka, "ENGINE_TOPIC_PREFIX": topic_prefix}
    [port] = free_ports(1)
    ended = run(environment, ENGINE_PARTITIONS="7", ENGINE_PORT=str(port), **prefix)
    assert ended.returncode == 2
    assert "set ENGINE_PARTITIONS=" in ended.stderr.splitlines()[-1]


async def test_a_websocket_is_told_that_the_server_goes(start_api, database_url):
    api = start_api(ENGINE_DATABASE_URL=database_url)
    async with websockets.connect(f"{api.ws}/ws?userId=alice") as socket:
        api.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(socket.wait_closed(), 5)
        assert socket.close_code == 1012
    assert await asyncio.to_thread(api.process.wait, 5) == 0


def test_it_ends_when_it_cannot_be_ready(environment):
    [port] = free_ports(1)
    with subprocess.Popen(
        [sys.executable, "-m", "api"], env={**environment, "ENGINE_PORT": str(port)}
    ) as process:
        time.sleep(0.2)
        process.terminate()
        wait_until(lambda: process.poll() is not None, 6, "it ended")
        assert process.returncode in {0, -signal.SIGTERM}
