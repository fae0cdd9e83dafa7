"""`WS /ws`: a client subscribes, is told from where it wants, and can resume from any point."""

import asyncio
import json
from contextlib import suppress

import pytest
import websockets

from api import dialogue, following
from tests.support.api import in_memory, serving
from tests.support.builders import ORDER_ID, executed, placed, routed, terms

OTHER_ID, THIRD_ID = (ORDER_ID.replace("0d5e", other) for other in ("1111", "2222"))


OTHER = {"order_id": OTHER_ID, "execution_id": f"{OTHER_ID}:1"}


class World:
    """A served application with its neighbours, and clients of it."""

    def __init__(self, url, neighbours, app):
        self.url = f"{url.replace('http', 'ws', 1)}/ws"
        self.app = app
        self.log, self.read_model = neighbours.log, neighbours.read_model

    def happens(self, *events):
        self.log.write(*events)
        self.read_model.project()

    def two_orders(self):
        self.happens(placed(user_id="ann"), routed(2), routed(2, event_id="late"), executed(3))
        self.happens(placed(order_id=OTHER_ID, user_id="bob"), routed(2, **OTHER))


@pytest.fixture
async def world():
    app, neighbours = in_memory()
    async with serving(app) as url:
        yield World(url, neighbours, app)


class Client:
    """A connection that was said hello to."""

    def __init__(self, socket):
        self.socket = socket

    async def say(self, **frame):
        await self.socket.send(json.dumps(frame))

    async def told(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), 5))

    async def until(self, kind):
        """Return the messages up to the first of this type."""
        seen = []
        while not seen or seen[-1]["type"] != kind:
            seen.append(await self.told())
        return seen

    async def subscribe(self, name, wanted, **more):
        await self.say(op="subscribe", id=name, filter=wanted, **more)
        return await self.until("caughtUp")

    async def rest(self):
        """Return what comes until the connection is closed."""
        seen = []
        with suppress(websockets.ConnectionClosed):
            while True:
                seen.append(await self.told())
        return seen


@pytest.fixture
async def client(world):
    async with websockets.connect(world.url) as socket:
        one = Client(socket)
        hello = await one.told()
        assert (hello["type"], hello["heartbeatSeconds"]) == ("hello", 5)
        yield one


def seqs(messages):
    return [one["seq"] for one in messages if one["type"] == "event"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"all": True}, [1, 2, 4, 5, 6]),
        ({"orderId": ORDER_ID.upper()}, [1, 2, 4]),
        ({"userId": "bob"}, [5, 6]),
        ({"status": "completed"}, [4]),
        ({"status": "pending"}, [1, 5]),
        ({"pair": "SOL/USDC"}, [1, 2, 4, 5, 6]),
        ({"pair": "USDC/SOL"}, []),
        ({"userId": "ann", "status": "executing"}, [2]),
    ],
)
async def test_a_subscription_begins_at_any_point(world, client, wanted, expected):
    world.two_orders()
    told = await client.subscribe(1, wanted, fromSeq=1)
    assert told[0] == {"type": "subscribed", "id": 1, "seq": 0, "epoch": world.read_model.epoch}
    assert seqs(told) == expected


async def test_each_event_names_the_one_before_it_in_the_subscription(world, client):
    world.two_orders()
    told = await client.subscribe("mine", {"orderId": ORDER_ID}, fromSeq=2)
    events = [one for one in told if one["type"] == "event"]
    assert [(one["prevSeq"], one["seq"]) for one in events] == [(1, 2), (2, 4)]
    assert events[1]["event"]["type"] == "OrderExecuted"
    assert events[1]["event"]["data"]["version"] == 3
    assert events[1]["order"]["status"] == "completed"


async def test_what_lost_a_race_is_told_to_who_asks_for_it(world, client):
    world.two_orders()
    told = await client.subscribe(1, {"orderId": ORDER_ID}, fromSeq=1, superseded=True)
    assert seqs(told) == [1, 2, 3, 4]
    assert [one["event"]["superseded"] for one in told[1:-1]] == [False, False, True, False]


async def test_without_a_place_it_begins_now_and_goes_on(world, client):
    world.two_orders()
    assert seqs(await client.subscribe(1, {"all": True})) == []
    world.happens(executed(3, order_id=OTHER_ID))
    world.happens(placed(order_id=THIRD_ID))
    first, second = await client.told(), await client.told()
    assert [(one["prevSeq"], one["seq"]) for one in (first, second)] == [(6, 7), (7, 8)]


async def test_what_happens_while_it_catches_up_is_told_once(world, client):
    world.two_orders()
    await client.say(op="subscribe", id=1, filter={"all": True}, fromSeq=1)
    for number in range(40):
        world.happens(placed(order_id=f"{number:08x}{ORDER_ID[8:]}"))
        await asyncio.sleep(0.001)
    told: list[int] = []
    while told[-1:] != [46]:
        told += seqs([await client.told()])
    assert told == [1, 2, *range(4, 47)]


@pytest.mark.parametrize(
    ("wanted", "orders"),
    [
        ({"orderId": ORDER_ID}, [ORDER_ID]),
        ({"userId": "bob"}, [OTHER_ID]),
        ({"status": "executing"}, [OTHER_ID]),
        ({"pair": "USDC/SOL"}, []),
    ],
)
async def test_a_snapshot_tells_the_orders_as_of_a_seq(world, client, wanted, orders):
    world.two_orders()
    subscribed, snapshot, caught_up = await client.subscribe(1, wanted, snapshot=True)
    assert subscribed["seq"] == snapshot["seq"] == caught_up["seq"] == 6
    assert [one["id"] for one in snapshot["orders"]] == orders


async def test_two_subscriptions_do_not_mix(world, client):
    await client.subscribe(1, {"userId": "ann"})
    await client.subscribe("two", {"userId": "bob"})
    world.two_orders()
    told = [await client.told() for _ in range(5)]
    assert seqs([one for one in told if one["id"] == 1]) == [1, 2, 4]
    assert seqs([one for one in told if one["id"] == "two"]) == [5, 6]


async def test_who_unsubscribes_hears_no_more(world, client):
    await client.subscribe(1, {"userId": "ann"})
    await client.subscribe(2, {"userId": "bob"})
    await client.say(op="unsubscribe", id=1)
    assert await client.told() == {"type": "unsubscribed", "id": 1}
    world.two_orders()
    assert seqs([await client.told(), await client.told()]) == [5, 6]
    assert [s async for s in _subscribed(client, 1)] == [6]


async def _subscribed(client, name):
    for one in await client.subscribe(name, {"all": True}):
        if one["type"] == "subscribed":
            yield one["seq"]


async def test_a_ping_is_answered(client):
    await client.say(op="ping", id=7)
    assert await client.told() == {"type": "pong", "id": 7}


async def test_a_heartbeat_tells_the_head(monkeypatch, world):
    monkeypatch.setattr(dialogue, "HEARTBEAT_S", 0.05)
    async with websockets.connect(world.url) as socket:
        client = Client(socket)
        await client.until("hello")
        world.two_orders()
        beats = (await client.until("heartbeat"))[-1], await client.told()
    assert beats[1] == {"type": "heartbeat", "headSeq": 6, "epoch": world.read_model.epoch}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "\0",
        '{"op":"eat"}',
        '{"op":"ping","colour":"red"}',
        '{"op":"subscribe","id":1}',
        '{"op":"subscribe","id":1,"filter":{}}',
        '{"op":"subscribe","id":1,"filter":{"all":true,"userId":"ann"}}',
        '{"op":"subscribe","id":1,"filter":{"status":"eaten"}}',
        '{"op":"subscribe","id":1,"filter":{"pair":"SOL"}}',
        '{"op":"subscribe","id":1,"filter":{"userId":"\\u0000"}}',
        '{"op":"subscribe","id":null,"filter":{"all":true}}',
        '{"op":"subscribe","id":1,"filter":{"all":true},"fromSeq":0}',
        '{"op":"subscribe","id":1,"filter":{"all":true},"fromSeq":"1"}',
        '{"op":"subscribe","id":1,"filter":{"all":true},"fromSeq":1e400}',
        b"\x00\xff",
    ],
)
async def test_what_cannot_be_read_is_told_and_the_talk_goes_on(client, text):
    await client.socket.send(text)
    told = await client.told()
    assert (told["type"], told["error"]) == ("error", "INVALID_MESSAGE")
    await client.say(op="ping")
    assert (await client.told())["type"] == "pong"


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        ({"op": "subscribe", "id": 1, "filter": {"all": True}}, "SUBSCRIPTION_EXISTS"),
        ({"op": "unsubscribe", "id": 9}, "NO_SUBSCRIPTION"),
        ({"op": "subscribe", "id": 2, "filter": {"orderId": "x"}}, "ORDER_NOT_FOUND"),
    ],
)
async def test_what_cannot_be_done_is_told(client, frame, error):
    await client.subscribe(1, {"all": True})
    await client.say(**frame)
    assert (await client.told())["error"] == error


async def test_subscriptions_of_one_connection_are_bounded(client):
    for name in range(dialogue.MOST_SUBSCRIPTIONS):
        await client.subscribe(name, {"orderId": ORDER_ID})
    await client.say(op="subscribe", id="more", filter={"all": True})
    told = await client.told()
    assert (told["error"], told["id"]) == ("TOO_MANY_SUBSCRIPTIONS", "more")


async def test_who_counts_in_another_epoch_is_told_to_start_over(client, world):
    await client.say(op="subscribe", id=1, filter={"all": True}, fromSeq=3, epoch="another")
    told = await client.told()
    assert (told["error"], told["epoch"]) == ("EPOCH_CHANGED", world.read_model.epoch)
    await client.subscribe(2, {"all": True}, fromSeq=3, epoch=world.read_model.epoch)


async def test_a_projection_that_is_away_ends_the_subscription_alone(monkeypatch, client, world):
    world.read_model.away = True
    await client.say(op="subscribe", id=1, filter={"all": True})
    assert (await client.told())["error"] == "PROJECTION_UNAVAILABLE"
    world.read_model.away = False
    await client.say(op="ping")
    assert (await client.told())["type"] == "pong"


async def test_when_the_numbering_begins_anew_the_client_is_told_where_it_was(client, world):
    world.two_orders()
    await client.subscribe(1, {"all": True}, fromSeq=1)
    world.read_model.epoch = "another"
    world.happens(executed(3, order_id=OTHER_ID))
    *_, last = await client.rest()
    assert last["type"] == "goingAway"
    assert [(one["id"], one["fromSeq"]) for one in last["resume"]] == [(1, 7)]
    assert client.socket.close_code == 1012


async def test_a_client_that_does_not_read_is_dropped_with_its_place_and_nobody_else(world):
    async with (
        websockets.connect(world.url, max_queue=1) as lazy,
        websockets.connect(world.url) as socket,
    ):
        other = Client(socket)
        await other.until("hello")
        await other.subscribe(1, {"all": True})
        await lazy.send(json.dumps({"op": "subscribe", "id": 1, "filter": {"all": True}}))
        await asyncio.wait_for(lazy.recv(), 5)
        assert json.loads(await asyncio.wait_for(lazy.recv(), 5))["type"] == "subscribed"
        heard = []
        big = terms(faults=(None,) * 8)
        for number in range(1500):
            world.happens(placed(order_id=f"{number:08x}{ORDER_ID[8:]}", terms=big))
            if number % 50 == 49:
                heard += [(await other.told())["seq"] for _ in range(50)]
        assert heard == list(range(1, 1501))
        told = await Client(lazy).rest()
    assert told[-1]["type"] == "slowConsumer"
    assert lazy.close_code == 4008
    # What was on its way may have arrived, or not: told twice is better than never.
    last = seqs(told)[-1]
    assert told[-1]["resume"][0]["fromSeq"] in {last, last + 1}


async def test_what_is_replayed_waits_for_a_slow_client(monkeypatch, world):
    monkeypatch.setattr(following, "MOST_IN_SNAPSHOT", 10)
    world.read_model.window = 100
    count = 3000
    for number in range(count):
        world.log.write(placed(order_id=f"{number:08x}{ORDER_ID[8:]}"))
    world.read_model.project()
    async with websockets.connect(world.url, max_queue=1) as socket:
        client = Client(socket)
        await client.until("hello")
        await client.say(op="subscribe", id=1, filter={"all": True}, fromSeq=1)
        await asyncio.sleep(0.5)
        told = await client.until("caughtUp")
    assert len(seqs(told)) == count


async def test_a_frame_that_is_too_large_closes_the_connection(world, client):
    await client.socket.send("x" * 100_000)
    await client.rest()
    assert client.socket.close_code == 1009
