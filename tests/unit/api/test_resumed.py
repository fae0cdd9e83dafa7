"""`/ws/{orderId}?fromVersion=` and `/ws?userId=&fromSeq=`: what was and what comes, each once."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import websockets

from tests.support.api import in_memory, serving
from tests.support.builders import ORDER_ID, executed, placed, routed
from tests.support.talks import THIRD_ID, Client, World

EPOCH = "00000000-0000-4000-8000-00000000e001"


@asynccontextmanager
async def connected(world, path):
    async with websockets.connect(world.url.removesuffix("/ws") + path, max_queue=None) as socket:
        yield Client(socket)


async def heard(world, path, member):
    """Return what is told until the connection is closed, by one member, and the close code."""
    async with connected(world, path) as client:
        told = [message[member] for message in await client.rest()]
    return told, client.socket.close_code


@pytest.mark.parametrize(
    ("version", "expected"), [(0, [1, 2, 3]), (1, [1, 2, 3]), (2, [2, 3]), (3, [3]), (9, [])]
)
async def test_an_order_that_has_ended_is_told_from_a_version_on(world, version, expected):
    world.two_orders()
    told = await heard(world, f"/ws/{ORDER_ID}?fromVersion={version}", "version")
    assert told == (expected, 1000)


async def test_an_order_is_told_from_a_version_on_as_it_goes_on(world):
    world.happens(placed(), routed(2), routed(2, event_id="late"))
    async with connected(world, f"/ws/{ORDER_ID}?fromVersion=2") as client:
        assert (await client.told())["version"] == 2
        world.happens(executed(3))
        [last] = await client.rest()
    assert (last["version"], last["status"], client.socket.close_code) == (3, "completed", 1000)


async def test_what_an_order_has_not_come_to_is_waited_for(world):
    world.happens(placed())
    async with connected(world, f"/ws/{ORDER_ID}?fromVersion=3") as client:
        world.happens(routed(2), executed(3))
        assert [message["version"] for message in await client.rest()] == [3]


async def test_a_user_is_told_from_a_place_of_the_feed_on(world):
    world.two_orders()
    async with connected(world, "/ws?userId=ann&fromSeq=0") as client:
        told = [await client.told(), await client.told()]
        world.happens(placed(order_id=THIRD_ID, user_id="ann"))
        world.happens(routed(2, order_id=THIRD_ID, execution_id=f"{THIRD_ID}:1"))
        told.append(await client.told())
    assert [(one["seq"], one["status"]) for one in told] == [
        (2, "processing"),
        (4, "completed"),
        (8, "processing"),
    ]
    assert {one["epoch"] for one in told} == {EPOCH}


@pytest.mark.parametrize("begin", [3, 8])
async def test_what_happens_while_a_user_catches_up_is_told_once(world, begin):
    count = 60
    world.read_model.window = 5
    names = [f"{number:08x}{ORDER_ID[8:]}" for number in range(count)]
    world.happens(*(placed(order_id=name, user_id="ann") for name in names))
    moving = [routed(2, order_id=name, execution_id=f"{name}:1") for name in names]
    world.happens(*moving[:20])
    async with connected(world, f"/ws?userId=ann&fromSeq={count + begin}") as client:
        for event in moving[20:]:
            world.happens(event)
            await asyncio.sleep(0.001)
        told: list[int] = []
        while told[-1:] != [2 * count]:
            told.append((await client.told())["seq"])
    assert told == list(range(count + begin, 2 * count + 1))


async def test_who_counts_in_another_epoch_is_told_to_start_over(world):
    world.two_orders()
    path = "/ws?userId=ann&fromSeq=1&epoch="
    assert await heard(world, f"{path}another", "error") == (["EPOCH_CHANGED"], 4410)
    async with connected(world, path + EPOCH) as client:
        assert (await client.told())["seq"] == 2


@pytest.mark.parametrize(
    ("path", "error"),
    [
        *((f"/ws/{ORDER_ID}?fromVersion={bad}", "INVALID_VERSION") for bad in ("", "x", "-1")),
        *((f"/ws?userId=ann&fromSeq={bad}", "INVALID_SEQ") for bad in ("", "1.5", "9" * 19)),
        ("/ws?userId=&fromSeq=1", "MISSING_USER_ID"),
    ],
)
async def test_a_place_that_is_none_is_refused(world, path, error):
    assert await heard(world, path, "error") == ([error], 4400)


async def test_without_the_projection_a_client_is_told_to_come_back(world):
    world.read_model.away = True
    for path in (f"/ws/{ORDER_ID}?fromVersion=1", "/ws?userId=ann&fromSeq=1"):
        assert await heard(world, path, "error") == (["PROJECTION_UNAVAILABLE"], 1013)


async def test_a_client_may_be_as_far_behind_as_it_likes_and_slow():
    app, neighbours = in_memory(feed_buffer=10)
    neighbours.read_model.window = 100
    count = 3000
    async with serving(app) as url:
        world = World(url, neighbours, app)
        names = [f"{number:08x}{ORDER_ID[8:]}" for number in range(count)]
        world.happens(*(placed(order_id=name, user_id="ann") for name in names))
        world.happens(*(routed(2, order_id=name, execution_id=f"{name}:1") for name in names))
        path = "/ws?userId=ann&fromSeq=1"
        async with websockets.connect(url.replace("http", "ws", 1) + path, max_queue=1) as socket:
            await asyncio.sleep(0.5)
            told = [(await Client(socket).told())["seq"] for _ in range(count)]
    assert told == list(range(count + 1, 2 * count + 1))
