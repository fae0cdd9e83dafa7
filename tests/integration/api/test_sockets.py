"""The WebSocket feeds of an API process, on the real projection and with clients as they come."""

import asyncio
import json
import uuid
from contextlib import asynccontextmanager, suppress

import pytest
import websockets
from msgspec.structs import replace

from tests.support.api import in_memory, serving
from tests.support.builders import ORDER_ID, executed, failed, placed, retry_scheduled, routed
from tests.support.log import eventually, placement

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]


def new_id():
    return str(uuid.uuid4())


def life(order_id, user_id=None):
    return (
        placement(order_id, user_id=user_id),
        routed(2, order_id=order_id, execution_id=f"{order_id}:1"),
        executed(3, order_id=order_id),
    )


async def told(socket):
    return json.loads(await asyncio.wait_for(socket.recv(), 20))


async def rest(socket):
    """Return what comes until the connection is closed, with whatever code."""
    messages = []
    with suppress(websockets.ConnectionClosed):
        while True:
            messages.append(await told(socket))
    return messages


async def test_a_subscriber_sees_the_state_at_once_and_each_change_in_order(
    api, happens, projector
):
    order_id = new_id()
    first, *more = life(order_id)
    await happens(first)
    async with websockets.connect(f"{api.ws}/ws/{order_id.upper()}") as socket:
        assert (await told(socket))["status"] == "pending"
        await happens(more[0], replace(more[0], event_id="a loser"))
        await happens(more[1])
        messages = await rest(socket)
    assert [message["version"] for message in messages] == [2, 3]
    assert [message["status"] for message in messages] == ["executing", "completed"]
    assert messages[0]["selectedDex"] == "RAYDIUM"
    assert messages[1]["executedPrice"] == 149.9
    assert messages[1]["txHash"]
    assert socket.close_code == 1000


async def test_a_late_subscriber_gets_the_end_at_once(api, happens, projector):
    order_id = new_id()
    await happens(*life(order_id))
    async with websockets.connect(f"{api.ws}/ws/{order_id}") as socket:
        messages = await rest(socket)
    assert messages[-1]["status"] == "completed"
    assert socket.close_code == 1000


@pytest.mark.parametrize("order_id", [str(uuid.UUID(int=7)), "no-order", "%00"])
async def test_an_order_that_is_not_there_is_told(api, happens, projector, order_id):
    await happens(*life(new_id()))
    async with websockets.connect(f"{api.ws}/ws/{order_id}") as socket:
        [message] = await rest(socket)
    assert message["error"] == "ORDER_NOT_FOUND"
    assert socket.close_code == 4404


async def test_the_feed_of_a_user_tells_of_theirs_from_the_connection_on(
    api, happens, projector, http
):
    before, mine, other = new_id(), new_id(), new_id()
    await happens(*life(before, "alice"))
    await eventually(lambda: completed(http, before))
    async with websockets.connect(f"{api.ws}/ws?userId=alice") as socket:
        await happens(*life(other, "bob"), *life(mine, "alice"))
        messages = [await told(socket) for _ in range(2)]
    assert messages == [
        {"type": "ORDER_UPDATE", "orderId": mine, "status": "processing"},
        {
            "type": "ORDER_UPDATE",
            "orderId": mine,
            "status": "completed",
            "txHash": "5" * 88,
            "executionPrice": 149.9,
        },
    ]


async def test_both_can_be_told_from_any_place_on(api, happens, projector, http):
    order_id, later = new_id(), new_id()
    await happens(*life(new_id(), "bob"), *life(order_id, "alice"))
    await eventually(lambda: completed(http, order_id))
    async with websockets.connect(f"{api.ws}/ws/{order_id}?fromVersion=2") as socket:
        assert [message["version"] for message in await rest(socket)] == [2, 3]
    assert socket.close_code == 1000
    async with websockets.connect(f"{api.ws}/ws?userId=alice&fromSeq=1") as socket:
        was = [await told(socket) for _ in range(2)]
        await happens(*life(later, "alice"))
        comes = [await told(socket) for _ in range(2)]
    assert [one["orderId"] for one in (*was, *comes)] == [order_id, order_id, later, later]
    path = f"/ws?userId=alice&fromSeq={was[1]['seq']}&epoch={was[1]['epoch']}"
    async with websockets.connect(api.ws + path) as socket:
        assert [await told(socket) for _ in range(3)] == [was[1], *comes]


async def completed(http, order_id):
    answer = await http.get(f"/api/orders/{order_id}")
    return answer.status_code == 200 and answer.json()["status"] == "completed"


async def test_many_subscribers_of_many_orders_miss_nothing(api, happens, projector):
    ids = [new_id() for _ in range(30)]
    await happens(*(placement(order_id) for order_id in ids))

    async def follow(order_id):
        async with websockets.connect(f"{api.ws}/ws/{order_id}") as socket:
            return [message["version"] for message in await rest(socket)]

    async def live(order_id):
        for event in life(order_id)[1:]:
            await happens(event)

    following = [asyncio.create_task(follow(order_id)) for order_id in ids * 2]
    await asyncio.gather(*(live(order_id) for order_id in ids))
    for versions in await asyncio.gather(*following):
        assert versions == list(range(versions[0], 4))


@asynccontextmanager
async def served(**settings):
    """Serve the API with its neighbours in memory."""
    app, neighbours = in_memory(**settings)
    async with serving(app) as url:
        yield url.replace("http", "ws", 1), neighbours


def orders_of(user_id, count):
    for _ in range(count):
        order_id = new_id()
        yield placed(order_id=order_id, user_id=user_id)
        yield retry_scheduled(2, order_id=order_id)


async def test_a_slow_client_is_dropped_and_nobody_else_feels_it():
    async with served(feed_buffer=50) as (url, world):
        path = f"{url}/ws?userId=alice"
        async with (
            websockets.connect(path, max_queue=1) as slow,
            websockets.connect(path, max_queue=None) as quick,
        ):
            slow.transport.pause_reading()
            for _ in range(100):
                world.log.write(*orders_of("alice", 20))
                world.read_model.project()
                for _ in range(20):
                    assert (await told(quick))["status"] == "processing"
            slow.transport.resume_reading()
            assert len(await rest(slow)) < 2000
            assert slow.close_code == 4008
            assert quick.close_code is None


async def test_without_the_projection_a_client_is_told_to_come_back():
    async with served() as (url, world):
        world.read_model.away = True
        for path in (f"/ws/{ORDER_ID}", "/ws?userId=alice"):
            async with websockets.connect(url + path) as socket:
                [message] = await rest(socket)
            assert message["error"] == "PROJECTION_UNAVAILABLE"
            assert socket.close_code == 1013


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/ws?userId=", "MISSING_USER_ID"),
        ("/ws?userId=%00", "INVALID_USER_ID"),
    ],
)
async def test_a_user_who_is_not_named_is_told(path, error):
    async with served() as (url, _), websockets.connect(url + path) as socket:
        [message] = await rest(socket)
        assert (message["error"], socket.close_code) == (error, 4400)


async def test_what_a_client_says_is_not_listened_to():
    async with served() as (url, world):
        world.log.write(placed())
        world.read_model.project()
        async with websockets.connect(f"{url}/ws/{ORDER_ID}") as socket:
            assert (await told(socket))["status"] == "pending"
            for _ in range(100):
                await socket.send("hello")
                await socket.send(b"\xff" * 1000)
            await (await socket.ping())
            world.log.write(failed(2))
            world.read_model.project()
            assert (await told(socket))["status"] == "failed"


async def test_a_frame_that_is_too_large_ends_the_connection_only():
    async with served() as (url, world):
        world.log.write(placed())
        world.read_model.project()
        async with websockets.connect(f"{url}/ws/{ORDER_ID}") as socket:
            await told(socket)
            await socket.send("x" * 1001)
            assert await rest(socket) == []
            assert socket.close_code == 1009
        async with websockets.connect(f"{url}/ws/{ORDER_ID}") as socket:
            assert (await told(socket))["status"] == "pending"
