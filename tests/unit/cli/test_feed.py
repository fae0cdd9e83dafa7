"""Following an order on a feed that says no."""

import json

import pytest
from websockets.asyncio.server import serve

from api.errors import ORDER_NOT_FOUND, Refusal
from cli.failures import Failure
from cli.feed import follow

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
