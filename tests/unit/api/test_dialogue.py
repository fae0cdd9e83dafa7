"""`WS /ws`: a client subscribes, is told from where it wants, and can resume from any point."""

import asyncio

import pytest
import websockets

from api import beats, following
from tests.support.builders import ORDER_ID, executed, placed, seconds, terms
from tests.support.talks import OTHER_ID, THIRD_ID, Client, seqs


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


async def test_a_snapshot_of_a_pair_is_not_lost_among_newer_orders(monkeypatch, world, client):
    monkeypatch.setattr(following, "MOST_IN_SNAPSHOT", 1)
    world.happens(placed(terms=terms(token_in="USDC", token_out="SOL")))
    world.happens(placed(order_id=OTHER_ID, occurred_at=seconds(1)))
    told = await client.subscribe(1, {"pair": "USDC/SOL"}, snapshot=True)
    assert [one["id"] for one in told[1]["orders"]] == [ORDER_ID]
    assert told[1]["complete"]
    told = await client.subscribe(2, {"all": True}, snapshot=True)
    assert ([one["id"] for one in told[1]["orders"]], told[1]["complete"]) == ([OTHER_ID], False)


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
    monkeypatch.setattr(beats, "PERIOD_S", 0.05)
    async with websockets.connect(world.url) as socket:
        client = Client(socket)
        await client.until("hello")
        world.two_orders()
        told = [(await client.until("heartbeat"))[-1] for _ in range(2)]
    assert told[1] == {"type": "heartbeat", "headSeq": 6, "epoch": world.read_model.epoch}
