"""WebSockets that were let in: what they see, how long they stay, and how many there may be."""

import json

import pytest

from api.callers import ANYBODY
from tests.support.bearers import OTHER_SECRET, token
from tests.support.builders import ORDER_ID, executed, seconds
from tests.support.talks import OTHER_ID, seqs
from tests.support.visits import connected, ends, nobody_is_counted, served

UNKNOWN_ID = ORDER_ID.replace("0d5e", "dead")


@pytest.fixture
async def world(clock):
    async with served(clock) as world:
        yield world


@pytest.mark.parametrize("order_id", [OTHER_ID, UNKNOWN_ID])
async def test_somebody_else_s_order_is_as_one_that_is_not_there(world, order_id):
    async with connected(world, f"/ws/{order_id}", token()) as client:
        [told] = await ends(client, 4404)
        assert told["error"] == "ORDER_NOT_FOUND"
    async with connected(world, f"/ws/{OTHER_ID}", token("eve", "admin")) as client:
        assert (await client.told())["orderId"] == OTHER_ID


async def test_somebody_else_is_not_followed(world):
    async with connected(world, "/ws?userId=bob", token()) as client:
        [told] = await ends(client, 4403)
        assert (told["error"], told["scope"]) == ("FORBIDDEN", "orders:read:all")


async def test_subscriptions_are_to_one_s_own(world):
    async with connected(world, "/ws", token()) as client:
        await client.told()
        for name, wanted in enumerate(({"all": True}, {"userId": "ann"}, {"pair": "SOL/USDC"})):
            assert seqs(await client.subscribe(name, wanted, fromSeq=1)) == [1, 2, 4]
        for order_id in (OTHER_ID, UNKNOWN_ID):
            await client.say(op="subscribe", id=8, filter={"orderId": order_id}, fromSeq=1)
            refused = await client.told()
            told = (refused["type"], refused["error"], refused["id"])
            assert told == ("error", "ORDER_NOT_FOUND", 8)
        assert seqs(await client.subscribe(8, {"orderId": ORDER_ID}, fromSeq=1)) == [1, 2, 4]
        await client.say(op="subscribe", id=9, filter={"userId": "bob"})
        refused = await client.told()
        assert (refused["type"], refused["error"], refused["id"]) == ("error", "FORBIDDEN", 9)
        world.happens(executed(3, order_id=OTHER_ID, event_id="of-bob"))
        await client.say(op="ping", id=1)
        assert (await client.told())["type"] == "pong"


async def test_a_snapshot_is_of_one_s_own(world):
    async with connected(world, "/ws", token()) as client:
        await client.told()
        told = await client.subscribe(1, {"all": True}, snapshot=True)
        [snapshot] = [one for one in told if one["type"] == "snapshot"]
        assert [order["id"] for order in snapshot["orders"]] == [ORDER_ID]


async def test_who_may_see_all_sees_all(world):
    async with connected(world, "/ws", token("eve", "orders:read:all")) as client:
        await client.told()
        assert seqs(await client.subscribe(1, {"all": True}, fromSeq=1)) == [1, 2, 4, 5, 6]


@pytest.mark.parametrize("path", ["/ws", "/ws?userId=ann", f"/ws/{OTHER_ID}"])
async def test_when_the_token_ends_so_does_the_connection(world, clock, path):
    user = "bob" if OTHER_ID in path else "ann"
    clock.now = seconds(59.8)
    async with connected(world, path, token(user)) as client:
        clock.now = seconds(60)
        told = await ends(client, 4401)
        assert (told[-1]["error"], "expired" in told[-1]["message"]) == ("UNAUTHENTICATED", True)
    assert world.app.state.parts.feed.hub.empty


async def test_a_new_token_prolongs_it(world, clock):
    clock.now = seconds(59.8)
    async with connected(world, "/ws", token()) as client:
        await client.told()
        await client.say(op="auth", token=token(exp=seconds(3600)))
        assert (await client.told())["expiresAt"] == "2026-01-01T01:00:00.000000Z"
        clock.now = seconds(120)
        assert seqs(await client.subscribe(1, {"all": True}, fromSeq=1)) == [1, 2, 4]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (token("bob"), "FORBIDDEN"),
        (token("ann", "orders:write"), "FORBIDDEN"),
        (token(key=OTHER_SECRET), "UNAUTHENTICATED"),
        (7, "INVALID_MESSAGE"),
    ],
)
async def test_what_does_not_prolong_it_changes_nothing(world, text, error):
    async with connected(world, "/ws", token()) as client:
        await client.told()
        await client.say(op="auth", token=text)
        assert (await client.told())["error"] == error
        assert seqs(await client.subscribe(1, {"all": True}, fromSeq=1)) == [1, 2, 4]


async def test_a_token_that_is_shorter_shortens_it(world, clock):
    async with connected(world, "/ws", token(exp=seconds(10**9))) as client:
        await client.told()
        clock.now = seconds(0.8)
        await client.say(op="auth", token=token(exp=seconds(1)))
        await client.until("authenticated")
        clock.now = seconds(1)
        assert (await ends(client, 4401))[-1]["error"] == "UNAUTHENTICATED"


async def test_without_tokens_all_is_as_it_was(clock):
    async with served(clock, auth="none", jwt_secret=None) as world:
        async with connected(world, "/ws", subprotocols=["bearer", "anything"]) as client:
            assert client.socket.subprotocol == "bearer"
            assert (await client.told())["type"] == "hello"
            await client.say(op="auth", token="anything")
            told = await client.told()
            assert (told["type"], told["userId"]) == ("authenticated", None)
            assert told["scopes"] == sorted(ANYBODY.scopes)
            assert seqs(await client.subscribe(1, {"all": True}, fromSeq=1)) == [1, 2, 4, 5, 6]
        async with connected(world, f"/ws/{OTHER_ID}?token=x") as client:
            assert (await client.told())["orderId"] == OTHER_ID
        assert json.dumps(world.app.state.failures) == "[]"


async def test_only_so_many_at_once(clock):
    async with served(clock, rate_limit_sockets=2) as world:
        async with connected(world, "/ws", token()), connected(world, "/ws", token()):
            async with connected(world, "/ws", token()) as third:
                [told] = await ends(third, 4429)
                assert (told["error"], told["retryable"]) == ("RATE_LIMITED", True)
            async with connected(world, "/ws", token("bob")) as other:
                assert (await other.told())["type"] == "hello"
        await nobody_is_counted(world)
        async with connected(world, "/ws", token()) as again:
            assert (await again.told())["type"] == "hello"


async def test_a_subscription_counts_as_a_read(clock):
    async with (
        served(clock, rate_limit_reads=3) as world,
        connected(world, "/ws", token()) as client,
    ):
        await client.told()
        for name in range(20):
            await client.say(op="subscribe", id=name, filter={"all": True})
        await client.say(op="ping", id=1)
        refused = [one for one in await client.until("pong") if one["type"] == "error"]
        assert {one["error"] for one in refused} == {"RATE_LIMITED"}
        assert len(refused) >= 10
        assert refused[-1]["id"] == 19


async def test_strangers_are_counted_by_their_address(clock):
    async with (
        served(clock, rate_limit_sockets=1) as world,
        connected(world) as stranger,
        connected(world) as second,
    ):
        assert (await stranger.told())["type"] == "authenticate"
        assert (await ends(second, 4429))[0]["error"] == "RATE_LIMITED"
        await stranger.say(op="auth", token=token())
        await stranger.until("hello")
        async with connected(world) as third:
            assert (await third.told())["type"] == "authenticate"
