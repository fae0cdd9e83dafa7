"""Who may, on a real API process, log and projection; and what its log tells of it."""

import asyncio
import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
import websockets

from tests.support.bearers import SECRET, bearing, token
from tests.support.log import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

EXAMPLES = Path(__file__).parents[3] / "examples"
MARKET = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10}
SQL = "ann'; drop table orders cascade; --"


@pytest.fixture
def bearer():
    """Return tokens that are good from now on for so many seconds."""

    def made(user="ann", scope="orders:write orders:read", seconds=60.0):
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        return token(user, scope, exp=end.timestamp())

    return made


@pytest.fixture
def api(capfd, start_api, projector):
    jwt = {"ENGINE_AUTH": "jwt", "ENGINE_JWT_SECRET": SECRET, "ENGINE_JWT_LEEWAY_S": "0"}
    return start_api(**jwt, ENGINE_LOG_LEVEL="debug")


async def test_users_see_their_own_and_nothing_of_it_is_logged(api, bearer, capfd, database_url):
    ann, bob, odd = bearer(), bearer("bob"), bearer(SQL)
    async with httpx.AsyncClient(base_url=api.url, timeout=20) as http:

        async def place():
            answer = await http.post("/api/orders", json=MARKET, headers=bearing(ann))
            return answer.json()["orderId"] if answer.status_code == 202 else None

        order_id = await eventually(place)

        async def seen():
            answer = await http.get(f"/api/orders/{order_id}", headers=bearing(ann))
            return answer if answer.status_code == 200 else None

        assert (await eventually(seen)).json()["userId"] == "ann"
        for user, count in ((ann, 1), (bob, 0), (odd, 0)):
            listed = await http.get("/api/orders", headers=bearing(user))
            assert (listed.status_code, listed.json()["total"]) == (200, count)
            lines = {**bearing(user), "Accept": "application/x-ndjson"}
            feed = await http.get("/api/events", headers=lines)
            assert [json.loads(line)["orderId"] for line in feed.text.splitlines()] == (
                [order_id] * count
            )
        for path in ("", "/events", "/explain"):
            hidden = await http.get(f"/api/orders/{order_id}{path}", headers=bearing(bob))
            assert (hidden.status_code, hidden.json()["error"]) == (404, "ORDER_NOT_FOUND")
        assert (await http.get("/api/orders", headers=bearing("x.y.z"))).status_code == 401
        assert (await http.get(f"/orders?token={ann}")).status_code == 400
    assert await _told_on_sockets(api, order_id, ann, bob) == [order_id] * 3
    with psycopg.connect(database_url) as connection:
        assert connection.execute("table projection_pointer").fetchall()
    logged = "".join(capfd.readouterr())
    assert "jwt: a token says who it is" in logged
    for secret in (SECRET, ann, bob, odd):
        assert all(part not in logged for part in secret.split("."))


@pytest.mark.parametrize(
    ("script", "place"), [("follow.py", "{0.ws}/ws 1"), ("stream.py", "{0.url}/api/events")]
)
async def test_the_examples_bear_a_token(api, bearer, script, place):
    async with httpx.AsyncClient(base_url=api.url, timeout=20, headers=bearing(bearer())) as http:

        async def placed():
            answer = await http.post("/api/orders", json=MARKET)
            return answer.json()["orderId"] if answer.status_code == 202 else None

        order_id = await eventually(placed)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(EXAMPLES / script), *place.format(api).split()),
        env={**os.environ, "ENGINE_TOKEN": bearer()},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
    assert line.decode().split()[1:] == [order_id, "OrderPlaced"]


def offered(text):
    return [websockets.Subprotocol(one) for one in ("bearer", text)]


async def _told_on_sockets(api, order_id, ann, bob):
    """Follow the order with its user's token, carried in each way; nobody else may."""
    path, told = f"{api.ws}/ws/{order_id}", []
    async with websockets.connect(path, additional_headers=bearing(ann)) as socket:
        told.append(json.loads(await asyncio.wait_for(socket.recv(), 10)))
    async with websockets.connect(path, subprotocols=offered(ann)) as socket:
        told.append(json.loads(await asyncio.wait_for(socket.recv(), 10)))
    async with websockets.connect(path) as socket:
        await socket.send(json.dumps({"op": "auth", "token": ann}))
        told += [json.loads(await asyncio.wait_for(socket.recv(), 10)) for _ in range(3)]
    async with websockets.connect(path, subprotocols=offered(bob)) as socket:
        refused = json.loads(await asyncio.wait_for(socket.recv(), 10))
        assert refused["error"] == "ORDER_NOT_FOUND"
    return [one["orderId"] for one in told if "orderId" in one]


async def test_a_socket_ends_with_its_token_unless_it_is_prolonged(api, bearer):
    async with (
        websockets.connect(f"{api.ws}/ws", additional_headers=bearing(bearer(seconds=3))) as ending,
        websockets.connect(f"{api.ws}/ws", additional_headers=bearing(bearer(seconds=3))) as longer,
    ):
        await longer.send(json.dumps({"op": "auth", "token": bearer()}))
        await asyncio.wait_for(ending.wait_closed(), 20)
        assert ending.close_code == 4401
        await asyncio.wait_for(await longer.ping(), 10)
        assert longer.close_code is None
