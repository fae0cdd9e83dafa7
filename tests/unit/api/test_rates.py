"""Rate limits: by user, else by address; orders and reads apart; never in the way of an outage."""

import asyncio
import time

import pytest
from limits.errors import StorageError

from api import store as stores
from api.callers import ANYBODY, Caller
from api.rates import Rates, TooMany, payer
from api.scopes import Scope
from api.store import Store
from tests.support.api import running_api
from tests.support.bearers import JWT, bearing, token
from tests.support.log import eventually
from tests.support.storages import Broken, storage

MARKET = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}
LIMITED = {"rate_limit_orders": 5, "rate_limit_reads": 4}


def rates(orders=3, reads=2, **more):
    return Rates(Store(more.get("storage") or storage(), shared=False), orders, reads, "")


async def spent(counted, *about):
    """Return how many are allowed of as many as come in one go."""
    allowed = 0
    for _ in range(10):
        try:
            await counted.spend(*about)
        except TooMany:
            continue
        allowed += 1
    return allowed


async def test_orders_and_reads_are_counted_apart_and_for_each_one():
    counted = rates()
    begun = time.monotonic()
    for who in ("ann", "bob"):
        several = await spent(counted, Scope.WRITE, who), await spent(counted, Scope.READ, who)
        # A slow machine gives back what a window takes.
        grace = 1 + time.monotonic() - begun
        assert 3 <= several[0] <= 3 * grace
        assert 2 <= several[1] <= 2 * grace


async def test_what_is_left_is_told():
    counted = rates(orders=100)
    standing = await counted.spend(Scope.WRITE, "ann")
    assert (standing.limit, standing.remaining, standing.reset_s) == (100, 99, 1)
    standing = await counted.spend(Scope.WRITE, "ann", 40)
    assert 59 <= standing.remaining <= 60
    with pytest.raises(TooMany) as caught:
        await counted.spend(Scope.WRITE, "ann", 90)
    told = caught.value.headers
    assert told["Retry-After"] == "1"
    assert (told["RateLimit-Limit"], told["RateLimit-Reset"]) == ("100", "1")
    assert int(told["RateLimit-Remaining"]) < 90


async def test_what_was_refused_costs_nothing_and_time_gives_back():
    counted = rates(orders=2)
    assert await spent(counted, Scope.WRITE, "ann") >= 2

    async def again():
        try:
            return await counted.spend(Scope.WRITE, "ann")
        except TooMany:
            return None

    assert await eventually(again, 5)


async def test_more_than_the_limit_at_once_costs_all_of_it():
    counted = rates(orders=10)
    assert (await counted.spend(Scope.WRITE, "ann", 100)).remaining == 0


async def test_without_a_limit_nothing_is_counted():
    counted = rates(orders=0, reads=0, storage=Broken())
    assert await counted.spend(Scope.WRITE, "ann") is None
    assert await counted.spend(Scope.READ, "ann") is None


@pytest.mark.parametrize("error", [StorageError(OSError("gone")), OSError("gone"), TimeoutError()])
async def test_while_the_store_is_away_nothing_is_limited(error, caplog):
    broken = Broken(error)
    counted = rates(orders=1, storage=broken)
    for _ in range(20):
        assert await counted.spend(Scope.WRITE, "ann") is None
    assert caplog.text.count("store of rate limits is away") == 1
    assert broken.asked == 1


async def test_a_store_that_keeps_silent_holds_up_nobody_for_long(monkeypatch):
    monkeypatch.setattr(stores, "PATIENCE_S", 0.05)
    broken = Broken(None)
    counted = rates(orders=1, storage=broken)
    begun = time.monotonic()
    for _ in range(20):
        assert await counted.spend(Scope.WRITE, "ann") is None
    assert time.monotonic() - begun < 0.9
    assert broken.asked == 1


async def test_a_store_that_comes_back_counts_again(monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr(stores, "PAUSE_S", 0.01)
    broken = Broken(OSError("gone"))
    counted = rates(orders=1, storage=broken)
    assert await counted.spend(Scope.WRITE, "ann") is None
    broken.error = ...
    await eventually(lambda: counted.spend(Scope.WRITE, "ann"), 5)
    assert "is there again" in caplog.text


async def test_many_users_cost_each_of_them_no_more(monkeypatch):
    monkeypatch.setattr(stores, "PAUSE_S", 3600)
    kept = storage()
    counted = rates(storage=kept)
    await counted.spend(Scope.READ, "ann")
    looked = kept.timer
    for number in range(20):
        await counted.spend(Scope.READ, f"user-{number}")
        await asyncio.sleep(0)
    assert looked.done()
    assert kept.timer is looked


async def test_what_has_run_out_is_forgotten(monkeypatch):
    monkeypatch.setattr(stores, "PAUSE_S", 0)
    kept = storage()
    counted = rates(storage=kept)
    await counted.spend(Scope.READ, "ann")
    kept.expirations = dict.fromkeys(kept.expirations, 0)
    for number in range(2):
        await counted.spend(Scope.WRITE, f"user-{number}")
        await kept.timer
    assert not [key for key in kept.storage if "/ann/" in key]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.2.3.4", "1.2.3.4", True),
        ("1.2.3.4", "1.2.3.5", False),
        ("1.2.3.4", "::ffff:1.2.3.4", True),
        ("::ffff:1.2.3.4", "::ffff:5.6.7.8", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("a socket", "another", False),
    ],
)
def test_an_address_pays_for_those_without_a_user(one, other, same):
    assert (payer(ANYBODY, (one, 1)) == payer(ANYBODY, (other, 2))) is same


def test_users_pay_for_themselves_wherever_they_are():
    ann, bob = Caller("ann"), Caller("bob")
    assert payer(ann, ("1.2.3.4", 1)) == payer(ann, None) != payer(bob, None)
    assert payer(Caller("address-1.2.3.4"), None) != payer(ANYBODY, ("1.2.3.4", 1))
    assert payer(ANYBODY, None)


async def statuses(*requests):
    return [answer.status_code for answer in await asyncio.gather(*requests)]


async def test_an_answer_tells_what_is_left_and_too_many_get_429():
    async with running_api(**LIMITED) as api:
        first = await api.place()
        assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == (
            "5",
            "4",
        )
        answers = await asyncio.gather(*(api.place() for _ in range(30)))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert len(refused) >= 15
        assert refused[0].json()["error"] == "RATE_LIMITED"
        assert refused[0].json()["retryable"] is True
        assert refused[0].headers["retry-after"] == "1"
        assert refused[0].headers["ratelimit-limit"] == "5"
        assert len(api.log.events) == 31 - len(refused)
        for path in ("/health", "/docs", "/openapi.json", "/problems/RATE_LIMITED"):
            assert "ratelimit-limit" not in (await api.http.get(path)).headers


async def test_a_batch_costs_its_length():
    async with running_api(rate_limit_orders=10) as api:
        batch = {"orders": [MARKET] * 8}
        taken = await api.http.post("/api/orders/batch", json=batch)
        assert taken.status_code == 207
        [left] = taken.headers.get_list("ratelimit-remaining")
        assert left in {"2", "3"}
        refused = await api.http.post("/api/orders/batch", json=batch)
        assert (refused.status_code, refused.json()["error"]) == (429, "RATE_LIMITED")
        assert int(refused.headers["ratelimit-remaining"]) < 8
        assert len(api.log.events) == 8


@pytest.mark.parametrize("limit", [1, 5, 7])
async def test_a_batch_beyond_the_limit_can_be_had_and_costs_all_of_it(limit):
    async with running_api(rate_limit_orders=limit) as api:
        batch = {"orders": [MARKET] * 8}
        taken = await api.http.post("/api/orders/batch", json=batch)
        assert taken.status_code == 207
        assert int(taken.headers["ratelimit-remaining"]) <= 1


async def test_each_user_has_limits_of_their_own():
    async with running_api(**JWT, **LIMITED) as api:

        async def read(user):
            return await api.http.get("/orders", headers=bearing(token(user)))

        seen = await statuses(*(read(user) for user in ("ann", "bob") for _ in range(10)))
        assert seen[:4] == seen[10:14] == [200] * 4
        assert 429 in seen[4:10]
        assert 429 in seen[14:]


async def test_whoever_guesses_tokens_pays_by_the_address():
    async with running_api(**JWT, **LIMITED) as api:
        guesses = (api.http.get("/orders", headers=bearing("x.y.z")) for _ in range(20))
        seen = await statuses(*guesses)
        assert set(seen) == {401, 429}
        assert (await api.http.get("/orders", headers=bearing(token()))).status_code == 200


async def test_by_default_only_bearers_are_limited():
    async with running_api() as api:
        assert "ratelimit-limit" not in (await api.http.get("/orders")).headers
    async with running_api(**JWT) as api:
        answer = await api.http.get("/orders", headers=bearing(token()))
        assert answer.headers["ratelimit-limit"] == "1000"
