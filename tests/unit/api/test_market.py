"""The market as clients see it: the last prices, each tick as it comes, and that none comes."""

import asyncio
import json
from datetime import datetime, timedelta

import pytest
import websockets

from tests.support.api import in_memory, serving
from tests.support.market import move, pool, tick
from tests.support.servers import wait_until
from tests.support.talks import Client, World

MINT = "So11111111111111111111111111111111111111112"
PREVIEW = {"tokenIn": "NEWCOIN", "tokenOut": "USDC", "amount": 1}


async def test_the_last_price_of_each_pair_is_told_by_pair(api):
    api.market.tell(tick("1.5", "mSOL/SOL"), tick("150"), tick("0.000000123456", "A/B"))
    api.market.tell(last := tick("151.2"))
    answer = (await api.http.get("/api/market/prices")).json()
    assert [one["pair"] for one in answer["prices"]] == ["A/B", "SOL/USDC", "mSOL/SOL"]
    assert answer["prices"][1]["price"] == 151.2
    assert answer["prices"][1]["timestamp"] == last.at.isoformat().replace("+00:00", "Z")
    assert answer["silent"] is False


async def test_before_any_price_there_is_none(api):
    assert (await api.http.get("/api/market/prices")).json()["prices"] == []


async def test_silence_is_told_and_makes_health_degraded(api, monkeypatch):
    silence = api.app.state.parts.market._silence
    monkeypatch.setattr(silence, "_monotonic", lambda: silence._heard_at + 5.1)
    health = (await api.http.get("/health")).json()
    assert (health["status"], health["checks"]["market"]) == ("degraded", "silent")
    assert (await api.http.get("/api/market/prices")).json()["silent"] is True
    assert (await api.place()).status_code == 202


async def test_a_preview_knows_the_pools_that_were_added_and_the_moves(api):
    before = (await api.http.post("/api/orders/preview", json=PREVIEW)).json()
    assert before["winner"] is None
    api.market.tell(pool(), move("3", of="NEWCOIN"))
    after = (await api.http.post("/api/orders/preview", json=PREVIEW)).json()
    assert after["winner"]["venue"] == "RAYDIUM"
    assert after["winner"]["amountOut"] == pytest.approx(3, rel=0.01)


async def test_a_client_is_told_the_prices_of_the_moment_then_each_tick(world, client):
    world.market.tell(first := tick("150"), tick("1.3", "mSOL/SOL"))
    await client.say(op="subscribe", id="m", filter={"market": True})
    subscribed, prices = await client.told(), await client.told()
    assert subscribed == {"id": "m", "type": "subscribed"}
    assert (prices["type"], prices["id"], prices["silent"]) == ("prices", "m", False)
    assert [one["pair"] for one in prices["prices"]] == ["SOL/USDC", "mSOL/SOL"]
    told = prices["prices"][0]
    assert (told["pair"], told["price"]) == (first.pair, first.price)
    assert datetime.fromisoformat(told["timestamp"]) == first.at
    world.market.tell(tick("151.2"), pool())
    one, other = await client.told(), await client.told()
    assert (one["type"], one["id"], one["pair"], one["price"]) == ("tick", "m", "SOL/USDC", 151.2)
    assert (other["type"], other["token"], other["liquidity"]) == ("liquidity", "NEWCOIN", 50000)


async def test_a_client_may_want_one_pair_only_beside_its_orders(world, client):
    await client.subscribe(1, {"all": True})
    await client.say(op="subscribe", id=2, filter={"market": True, "pair": "mSOL/SOL"})
    await client.until("prices")
    world.market.tell(tick("151"), pool(), tick("1.3", "mSOL/SOL"))
    told = await client.told()
    assert (told["type"], told["id"], told["pair"]) == ("tick", 2, "mSOL/SOL")
    world.two_orders()
    assert (await client.told())["type"] == "event"
    await client.say(op="unsubscribe", id=2)
    await client.until("unsubscribed")
    assert not world.app.state.parts.market._hearers


@pytest.mark.parametrize(
    ("pair", "instead"),
    [
        ("USDC/SOL", "SOL/USDC"),
        ("SOL/mSOL", "mSOL/SOL"),
        (f"{MINT}/USDC", "SOL/USDC"),
        ("OTHER/USDC", None),
        ("NEWCOIN/OTHER", None),
        ("SOL/SOL", None),
    ],
)
async def test_a_pair_that_is_not_told_or_the_other_way_round_is_refused(
    world, client, pair, instead
):
    world.market.tell(pool())
    await client.say(op="subscribe", id=7, filter={"market": True, "pair": pair})
    told = await client.told()
    assert (told["type"], told["error"], told["id"]) == ("error", "UNKNOWN_PAIR", 7)
    assert told["field"] == "filter.pair"
    assert (instead or "/api/market/prices") in told["message"]


async def test_a_pair_that_a_pool_has_brought_is_told(world, client):
    world.market.tell(pool())
    await client.say(op="subscribe", id=1, filter={"market": True, "pair": "NEWCOIN/USDC"})
    assert (await client.told())["type"] == "subscribed"


async def test_silence_is_told_when_it_begins_and_when_it_ends(world, client, monkeypatch):
    monkeypatch.setattr("runtime.silence._LOOK", timedelta(milliseconds=10))
    market = world.app.state.parts.market
    world.market.tell(tick("150"))
    await client.say(op="subscribe", id=1, filter={"market": True, "pair": "SOL/USDC"})
    assert (await client.until("prices"))[-1]["silent"] is False
    market._silence._heard_at -= 6
    told = await client.told()
    assert told == {"id": 1, "type": "silence", "silent": True}
    world.market.tell(tick("151"))
    assert await client.told() == {"id": 1, "type": "silence", "silent": False}
    assert (await client.told())["type"] == "tick"


@pytest.mark.parametrize(
    "frame",
    [
        {"filter": {"market": True, "all": True}},
        {"filter": {"market": True, "userId": "ann"}},
        {"filter": {"market": False}},
        {"filter": {"market": True}, "fromSeq": 1},
    ],
)
async def test_a_filter_for_the_market_stands_alone(client, frame):
    await client.say(op="subscribe", id=1, **frame)
    told = await client.told()
    assert (told["type"], told["error"]) == ("error", "INVALID_MESSAGE")


async def test_a_client_that_does_not_read_is_dropped_and_the_others_go_on():
    app, neighbours = in_memory(feed_buffer=20)
    async with serving(app) as url:
        world = World(url, neighbours, app)
        async with (
            websockets.connect(world.url, max_queue=1) as slow,
            websockets.connect(world.url) as other,
        ):
            reader = Client(other)
            for socket in (slow, other):
                frame = {"op": "subscribe", "id": 1, "filter": {"market": True}}
                await socket.send(json.dumps(frame))
            await reader.until("prices")
            hearers = world.app.state.parts.market._hearers
            await asyncio.to_thread(wait_until, lambda: len(hearers) == 2)
            for number in range(1, 30_000):
                world.market.tell(tick(f"{number}.123456789"))
                assert (await reader.told())["type"] == "tick"
                if len(hearers) == 1:
                    break
            assert len(hearers) == 1
            last = (await Client(slow).rest())[-1]
            assert (last["type"], last["resume"]) == ("slowConsumer", [])
            assert slow.close_code == 4008
