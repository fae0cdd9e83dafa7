"""A client of the engine as people write one: HTTP and WebSocket, nothing of ours inside."""

import asyncio
import http.client
import json
import time
from urllib.parse import urlsplit

import httpx
import pytest
import websockets

FINAL = {"completed", "failed", "cancelled", "expired"}
ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, "slippage": 0.05}


class Client:
    """Places orders and follows them at one engine's public doors."""

    def __init__(self, url: str, http_client: httpx.AsyncClient) -> None:
        self.url = url
        self.http = http_client

    async def place(self, faults: str | None = None, **terms) -> str:
        headers = {"X-Simulate-Faults": faults} if faults else {}
        body = {**ORDER, **terms}
        answer = await self.http.post("/api/orders/execute", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        return answer.json()["orderId"]

    async def place_many(self, count: int, **terms) -> None:
        """Place so many orders at once: 16 connections of a client that costs little itself."""
        share = [count // 16 + (rest < count % 16) for rest in range(16)]
        address, body = urlsplit(self.url).netloc, json.dumps({**ORDER, **terms})
        await asyncio.gather(*(asyncio.to_thread(_place_in_turn, address, body, n) for n in share))

    async def order(self, order_id: str) -> dict:
        answer = await self.http.get(f"/api/orders/{order_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def events(self, order_id: str) -> list[dict]:
        answer = await self.http.get(f"/api/orders/{order_id}/events")
        assert answer.status_code == 200, answer.text
        found = answer.json()
        return found if isinstance(found, list) else found["events"]

    async def ended(self, order_id: str, patience: float = 30) -> dict:
        return await self.until(order_id, lambda order: order["status"] in FINAL, patience)

    async def until(self, order_id: str, condition, patience: float = 30) -> dict:
        deadline = time.monotonic() + patience
        while not condition(order := await self.order(order_id)):
            assert time.monotonic() < deadline, order
            await asyncio.sleep(0.1)
        return order

    def socket(self, path: str):
        return websockets.connect(self.url.replace("http", "ws", 1) + path)

    async def follow(self, order_id: str) -> list[dict]:
        """Return every message of an order's socket until the engine closes it."""
        async with self.socket(f"/ws/{order_id}") as socket:
            return [json.loads(message) async for message in socket]


def _place_in_turn(address: str, body: str, count: int) -> None:
    connection = http.client.HTTPConnection(address, timeout=30)
    for _ in range(count):
        connection.request(
            "POST", "/api/orders/execute", body, {"content-type": "application/json"}
        )
        answer = connection.getresponse()
        assert answer.status == 202, answer.read()
        answer.read()
    connection.close()


@pytest.fixture
async def client_of():
    """Return what makes a client of an engine."""
    opened = []

    def make(engine) -> Client:
        limits = httpx.Limits(max_connections=64)
        session = httpx.AsyncClient(base_url=engine.url, timeout=30, limits=limits)
        opened.append(session)
        return Client(engine.url, session)

    yield make
    for session in opened:
        await session.aclose()


@pytest.fixture
def client(shared_engine, client_of) -> Client:
    return client_of(shared_engine)
