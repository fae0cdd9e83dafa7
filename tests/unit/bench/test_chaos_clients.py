"""What a campaign places is its seed's: every kind, each with a way to its end."""

from collections import Counter

import pytest

from bench.chaos.clients import KINDS, Clients, price_of, token_of
from bench.chaos.kinds import EXERCISED, never
from tests.support.builders import T0

COUNT, EVERY = 600, 150


@pytest.fixture
def placed():
    return [Clients(1, lambda: T0, EVERY).wish(number) for number in range(COUNT)]


def test_the_same_seed_places_the_same(placed):
    assert placed == [Clients(1, lambda: T0, EVERY).wish(number) for number in range(COUNT)]
    assert placed != [Clients(2, lambda: T0, EVERY).wish(number) for number in range(COUNT)]


def test_every_kind_is_placed_as_often_as_it_is_to_be(placed):
    found = Counter(wish.kind for wish in placed)
    share = {kind: COUNT * weight / sum(KINDS.values()) for kind, weight in KINDS.items()}
    assert found.keys() == KINDS.keys() == EXERCISED.keys()
    assert all(share[kind] / 2 < found[kind] < share[kind] * 2 for kind in KINDS)


def test_what_a_client_names_is_placed_twice_and_never_expires(placed):
    twins = zip(placed[::2], placed[1::2], strict=True)
    named = [(one, other) for one, other in twins if "clientOrderId" in {**one.body, **other.body}]
    assert len(named) > COUNT / 20
    assert all(one == other and one.kind != "expiring" for one, other in named)


def test_each_kind_says_what_it_is(placed):
    for wish in placed:
        body = wish.body
        limit = body.get("orderType") == "limit"
        assert limit == ("targetPrice" in body)
        assert ("expiresAt" in body) == (wish.kind == "expiring")
        assert ("timeInForce" in body) == (wish.kind == "ioc")
        assert (body.get("orderType") == "sniper") == (wish.kind == "sniper")
        assert wish.path == "/api/orders" or wish.kind == "market"


def test_snipers_wait_for_the_token_of_their_time(placed):
    tokens = [(n, one.body["tokenOut"]) for n, one in enumerate(placed) if one.kind == "sniper"]
    assert {token for _, token in tokens} == {token_of(n) for n in range(COUNT // EVERY)}
    assert all(token == token_of(n // EVERY) for n, token in tokens)


def test_a_price_is_that_of_the_orders_own_direction():
    assert price_of(("RAY", "USDC"), 1) == 2.4
    assert price_of(("USDC", "RAY"), 2) == pytest.approx(2 / 2.4)


def test_what_was_never_seen_is_named():
    told = {kind: dict.fromkeys(words, 1) for kind, words in EXERCISED.items()}
    assert never(told) == []
    told["limit"]["amended"] = 0
    del told["expiring"]
    assert never(told) == ["limit amended", "expiring expired"]
