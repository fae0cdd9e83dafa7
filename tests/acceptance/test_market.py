"""The simulated market moved from outside: what is quoted, what is told, what is traded."""

import asyncio
import json
import subprocess
import sys
import uuid

import httpx
import pytest

from tests.acceptance.conftest import ORDER
from tests.support.log import eventually

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


@pytest.fixture
def token():
    """Return a token that no other test of this engine has."""
    return f"T{uuid.uuid4().hex[:8].upper()}"


def market_of(engine):
    """Return what runs `engine market …` against the engine and returns what it wrote."""

    async def run(*arguments):
        command = [sys.executable, "-m", "cli.main", "market", *arguments, "--json"]
        data_dir = "--data-dir", str(engine.data_dir)
        ended = await asyncio.to_thread(
            lambda: subprocess.run([*command, *data_dir], capture_output=True, check=False)
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


async def previewed(client, token):
    body = {**ORDER, "tokenIn": token, "amount": 1}
    answer = await client.http.post("/api/orders/preview", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def bought_at(client, token):
    """Sell one of the token; return the price that was got."""
    order = await client.ended(await client.place(tokenIn=token, amount=1))
    assert order["status"] == "completed", order
    return order["executedPrice"]


async def priced_near(client, token, price):
    async def near():
        answer = (await client.http.get("/api/market/prices")).json()
        told = {one["pair"]: one["price"] for one in answer["prices"]}
        return told.get(f"{token}/USDC") == pytest.approx(price, rel=0.02)

    await eventually(near)


async def test_a_token_is_unknown_then_quoted_then_moved_and_stays_there(
    client, shared_engine, token
):
    market = market_of(shared_engine)
    assert (await previewed(client, token))["winner"] is None
    failed = await client.ended(await client.place(tokenIn=token, amount=1))
    assert failed["status"] == "failed"
    assert "UNKNOWN_TOKEN" in failed["errorReason"]
    added = await market(
        *("add-liquidity", token, "--pool", "RAYDIUM", "--amount", "1e6", "--price", "2")
    )
    assert (added["pool"], added["usd"]) == ("RAYDIUM", "1000000")
    assert (await previewed(client, token))["winner"]["amountOut"] == pytest.approx(2, rel=0.01)
    assert await bought_at(client, token) == pytest.approx(2, rel=0.01)
    await market("tick", f"{token}/USDC", "3")
    await priced_near(client, token, 3)
    assert await bought_at(client, token) == pytest.approx(3, rel=0.01)
    for process in ("worker-1", "market", "api-1"):
        shared_engine.kill(process)
    await eventually(lambda: healthy(client), 60)
    await priced_near(client, token, 3)
    assert (await previewed(client, token))["winner"]["amountOut"] == pytest.approx(3, rel=0.01)
    assert await bought_at(client, token) == pytest.approx(3, rel=0.01)


async def healthy(client):
    try:
        return (await client.http.get("/health")).json()["status"] == "ok"
    except httpx.HTTPError:
        return False


async def test_a_client_of_the_socket_is_told_the_move(client, shared_engine, token):
    market = market_of(shared_engine)
    await market("add-liquidity", token, "--pool", "METEORA", "--amount", "1000")
    async with client.socket("/ws") as socket:
        wanted = {"market": True, "pair": f"{token}/USDC"}
        await socket.send(json.dumps({"op": "subscribe", "id": 1, "filter": wanted}))
        moving = asyncio.create_task(market("tick", f"{token}/USDC", "1.25"))
        async with asyncio.timeout(30):
            while (told := json.loads(await socket.recv())).get("price") != 1.25:
                assert told["type"] in {"hello", "heartbeat", "subscribed", "prices", "tick"}
        assert (told["type"], told["pair"]) == ("tick", f"{token}/USDC")
        await moving
