"""Following an order, or all, on a feed that says no or much."""

import json
import time
from contextlib import asynccontextmanager, suppress

import pytest
import typer
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from api.errors import ORDER_NOT_FOUND, Refusal
from cli.failures import Failure
from cli.feed import follow, follow_all

EVENT = {
    "type": "event",
    "seq": 1,
    "event": {
        "seq": 1,
        "orderId": "mine",
        "version": 1,
        "type": "OrderPlaced",
        "superseded": False,
        "occurredAt": "2026-01-01T00:00:00.000000Z",
    },
    "order": {"id": "x" * 200_000},
}
REFUSAL = Refusal(ORDER_NOT_FOUND, "There is no such order").body


async def test_an_order_that_is_not_there_is_one_sentence(capsys):
    async def refuse(connection):
        await connection.send(json.dumps(REFUSAL))
        await connection.close(4404)

    async with serve(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Failure, match=r"^There is no such order \(ORDER_NOT_FOUND\)$"):
            await follow(f"http://127.0.0.1:{port}", "nobody's", {}, as_json=False)
    assert capsys.readouterr().out == ""


async def test_an_engine_that_asks_for_a_token_is_one_sentence():
    async def ask(connection):
        await connection.send('{"type":"authenticate","withinSeconds":10}')
        await connection.wait_closed()

    async with serve(ask, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Failure, match="ENGINE_TOKEN"):
            await follow(f"http://127.0.0.1:{port}", "mine", {}, as_json=False)


@asynccontextmanager
async def engine(handler):
    async with serve(handler, "127.0.0.1", 0, compression=None, close_timeout=1) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def tell_much(connection):
    with suppress(ConnectionClosed):
        while True:
            await connection.send(json.dumps(EVENT))


async def test_whoever_is_refused_all_orders_is_told_why(monkeypatch):
    async def refuse(connection):
        await connection.send(json.dumps({**REFUSAL, "type": "error"}))
        await connection.close(4404)

    async def too_late(connection, _text, send=ClientConnection.send):
        # Now the engine has refused and is gone.
        await connection.wait_closed()
        await send(connection, _text)

    monkeypatch.setattr(ClientConnection, "send", too_late)
    async with engine(refuse) as url:
        with pytest.raises(Failure, match=r"^There is no such order \(ORDER_NOT_FOUND\)$"):
            await follow_all(url, {}, None, None, as_json=False)


async def test_whoever_has_seen_enough_is_let_go_while_more_comes():
    async with engine(tell_much) as url:
        begun = time.monotonic()
        await follow_all(url, {}, 0, 1, as_json=False)
        assert time.monotonic() - begun < 5


async def test_an_output_that_nobody_reads_is_no_fault_of_the_feed(monkeypatch):
    def broken(_text):
        raise BrokenPipeError

    monkeypatch.setattr(typer, "echo", broken)
    async with engine(tell_much) as url:
        with pytest.raises(BrokenPipeError):
            await follow_all(url, {}, 0, None, as_json=True)
