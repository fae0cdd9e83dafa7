"""WebSockets: the ways a token comes, and who is not let in."""

import pytest

from api import door
from tests.support.bearers import OTHER_SECRET, token
from tests.support.builders import ORDER_ID, T0, executed
from tests.support.visits import PATHS, connected, ends, nobody_is_counted, served


@pytest.fixture
async def world(clock):
    async with served(clock) as world:
        yield world


@pytest.mark.parametrize("path", PATHS)
async def test_the_header_lets_in(world, path):
    async with connected(world, path, token()) as client:
        if path == "/ws":
            assert (await client.told())["type"] == "hello"
        elif path.startswith("/ws/"):
            assert (await client.told())["orderId"] == ORDER_ID
        else:
            world.happens(executed(4))


@pytest.mark.parametrize("path", PATHS)
async def test_a_subprotocol_lets_in_and_is_not_told_back(world, path):
    offered = ["bearer", token()]
    async with connected(world, path, subprotocols=offered) as client:
        assert client.socket.subprotocol == "bearer"
        if path == "/ws":
            assert (await client.told())["type"] == "hello"


@pytest.mark.parametrize("path", PATHS)
async def test_a_message_lets_in(world, path):
    async with connected(world, path) as client:
        assert await client.told() == {"type": "authenticate", "withinSeconds": 10}
        await client.say(op="auth", token=token("ann", "orders:read"))
        assert await client.told() == {
            "type": "authenticated",
            "userId": "ann",
            "scopes": ["orders:read"],
            "expiresAt": "2026-01-01T00:01:00.000000Z",
        }
        if path == "/ws":
            assert (await client.told())["type"] == "hello"


async def test_before_that_nothing_is_heard(world):
    async with connected(world) as client:
        await client.told()
        for said in ('{"op":"subscribe","id":1,"filter":{"all":true}}', "nonsense", '["auth"]'):
            await client.socket.send(said)
            told = await client.told()
            assert (told["type"], told["error"]) == ("error", "UNAUTHENTICATED")
        await client.socket.send(b'{"op":"auth"}')
        await client.socket.send('{"op":"auth"}')
        assert [(await client.told())["error"] for _ in range(2)] == [
            "UNAUTHENTICATED",
            "INVALID_MESSAGE",
        ]
        await client.say(op="auth", token=token())
        assert [one["type"] for one in await client.until("hello")] == ["authenticated", "hello"]


async def test_whoever_does_not_say_who_they_are_is_let_go(world, monkeypatch):
    monkeypatch.setattr(door, "AUTH_TIMEOUT_S", 0.2)
    async with connected(world) as client:
        for _ in range(3):
            await client.say(op="ping")
        told = await ends(client, 4401)
    assert told[-1]["error"] == "UNAUTHENTICATED"
    await nobody_is_counted(world)


async def test_whoever_leaves_before_is_forgotten(world):
    async with connected(world) as client:
        await client.told()
    await nobody_is_counted(world)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (token(key=OTHER_SECRET), 4401),
        (token(exp=T0), 4401),
        ("nonsense", 4401),
        (token(scope="orders:write"), 4403),
    ],
    ids=["forged", "expired", "nonsense", "no scope"],
)
@pytest.mark.parametrize("way", ["header", "subprotocol", "message"])
async def test_a_token_that_is_not_good_does_not(world, path, text, code, way):
    carried = {"header": {"text": text}, "subprotocol": {"subprotocols": ["bearer", text]}}
    async with connected(world, path, **carried.get(way, {})) as client:
        if way == "message":
            await client.told()
            await client.say(op="auth", token=text)
        [told] = await ends(client, code)
        assert told["error"] == {4401: "UNAUTHENTICATED", 4403: "FORBIDDEN"}[code]
        assert (told["type"] == "error") == (path == "/ws")


@pytest.mark.parametrize(
    "path", ["/ws?token=", "/ws?userId=ann&access_token=", f"/ws/{ORDER_ID}?token="]
)
async def test_a_token_in_the_address_is_refused_with_a_sentence(world, path, caplog):
    caplog.set_level("INFO")
    async with connected(world, path + token()) as client:
        [told] = await ends(client, 4400)
    assert told["error"] == "TOKEN_IN_URL"
    assert "WebSocket /ws" in caplog.text
    assert token() not in caplog.text


async def test_two_tokens_are_none(world):
    async with connected(world, "/ws", token(), subprotocols=["bearer", token()]) as client:
        assert (await ends(client, 4401))[0]["error"] == "UNAUTHENTICATED"
