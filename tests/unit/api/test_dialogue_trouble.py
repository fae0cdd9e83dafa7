"""`WS /ws` with clients that talk nonsense or do not listen, and a projection that goes away."""

import asyncio
import json

import pytest
import websockets

from api import dialogue, following, frames
from api.errors import Refusal
from api.hub import Closing
from tests.support.builders import ORDER_ID, executed, placed, terms
from tests.support.talks import OTHER_ID, Client, seqs


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


@pytest.mark.parametrize("text", ['{"op":"eat"}', '{"subscribe":"market"}', '{"op":7}'])
def test_what_can_be_said_is_told_to_who_says_something_else(text):
    with pytest.raises(Refusal, match="op must be subscribe, unsubscribe or ping") as refused:
        frames.read(text)
    assert refused.value.body["field"] == "op"


@pytest.mark.parametrize("text", ['{"op":"LONG"}', '{"op":"ping","LONG":1}'])
def test_what_cannot_be_read_is_not_told_back_at_length(text):
    with pytest.raises(Refusal) as refused:
        frames.read(text.replace("LONG", "é" * 30_000))
    assert len(str(refused.value.body)) < 2_000


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
    assert (await client.subscribe(1, {"all": True}))[-1]["type"] == "caughtUp"


async def test_when_the_numbering_begins_anew_the_client_is_told_where_it_was(client, world):
    world.two_orders()
    await client.subscribe(1, {"all": True}, fromSeq=1)
    world.read_model.epoch = "another"
    world.happens(executed(3, order_id=OTHER_ID))
    *_, last = await client.rest()
    assert last["type"] == "goingAway"
    assert [(one["id"], one["fromSeq"]) for one in last["resume"]] == [(1, 7)]
    assert client.socket.close_code == 1012


async def test_who_has_not_begun_yet_can_begin_elsewhere_as_it_wished(monkeypatch, client, world):
    async def never(*_):
        await asyncio.Event().wait()

    world.two_orders()
    monkeypatch.setattr(world.read_model, "replay", never)
    await client.say(op="subscribe", id=1, filter={"all": True}, fromSeq=5, epoch="one")
    await client.say(op="subscribe", id=2, filter={"all": True})
    await client.say(op="ping")
    await client.until("pong")
    world.app.state.parts.feed.hub.end_all(Closing.RESTART)
    *_, last = await client.rest()
    assert last["resume"] == [
        {"id": 1, "fromSeq": 5, "epoch": "one"},
        {"id": 2, "fromSeq": None, "epoch": None},
    ]


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
            while number % 50 == 49 and len(heard) <= number:
                heard += seqs([await other.told()])
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


async def test_what_nobody_foresaw_in_one_subscription_ends_the_talk(world, client):
    async def broken(*_about):
        raise ZeroDivisionError

    world.read_model.replay = broken
    await client.say(op="subscribe", id=1, filter={"all": True})
    await client.rest()
    assert client.socket.close_code == 1011
