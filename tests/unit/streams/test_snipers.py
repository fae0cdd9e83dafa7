"""A sniper fires on a pool of its token, whenever that came, and none out of turn."""

from decimal import Decimal

import pytest

from orders.fold import replay
from orders.state import Resting
from orders.values import Liquidity
from streams.snapshot import Snapshot
from tests.support.builders import (
    LIQUIDITY,
    ORDER_ID,
    T0,
    placed,
    rested,
    routed,
    seconds,
    sniper,
    triggered,
)

NEW_POOL = LIQUIDITY.model_copy(update={"token": "NEW"})
SNIPER = placed(terms=sniper(token_out="NEW"))


def pool_of(pool, usd):
    return Liquidity(token="NEW", pool=pool, usd=Decimal(usd), price=Decimal(1), at=T0)


def test_a_sniper_fires_on_the_pool_of_its_token(live):
    live.read(SNIPER, rested(2))
    live.watch.liquidity(LIQUIDITY)
    assert live.seen() is None
    live.watch.liquidity(NEW_POOL)
    live.watch.liquidity(NEW_POOL)
    assert live.seen() == NEW_POOL


def test_a_sniper_fires_at_once_on_a_pool_that_is_known(live):
    live.watch.liquidity(NEW_POOL)
    live.read(SNIPER)
    assert live.seen() == NEW_POOL


def test_a_sniper_is_particular_about_its_pool(live):
    wanted = sniper(token_out="NEW", pool_provider="METEORA", min_liquidity=50_001)
    live.read(placed(terms=wanted), rested(2))
    for pool, usd in (("RAYDIUM", 60_000), ("METEORA", 50_000), ("METEORA", 0)):
        live.watch.liquidity(pool_of(pool, usd))
    assert live.seen() is None
    live.watch.liquidity(pool_of("METEORA", 50_001))
    assert live.seen() == pool_of("METEORA", 50_001)


def test_snipers_fire_in_the_order_of_their_placement(live):
    ids = [f"{number:08}-0000-4000-8000-000000000000" for number in (3, 1, 2)]
    offset = 0
    for place, order_id in enumerate(ids):
        at = {"order_id": order_id, "occurred_at": seconds(place)}
        live.read(placed(terms=SNIPER.terms, **at), rested(2, order_id=order_id), first=offset)
        offset += 2
    live.lane.settled.clear()
    live.watch.liquidity(NEW_POOL)
    assert live.lane.settled == ids
    assert live.reactions.expected == [ids]


def test_pools_are_heard_whether_prices_are_silent_or_not(live):
    live.seconds = 100
    live.read(SNIPER, rested(2))
    live.watch.liquidity(NEW_POOL)
    assert live.seen() == NEW_POOL


def test_a_sniper_taken_over_fires_on_a_pool_that_came_meanwhile(deaf):
    deaf.watch.liquidity(NEW_POOL)
    order = replay([SNIPER, rested(2)])
    assert isinstance(order, Resting)
    deaf.partition.restore(Snapshot(T0, next_offset=2, open={ORDER_ID: order}))
    deaf.partition.go_live()
    assert deaf.seen() == NEW_POOL


def test_a_sniper_that_fired_is_routed_like_any_other(live):
    live.watch.liquidity(NEW_POOL)
    live.read(SNIPER, triggered(2, NEW_POOL), routed(3))
    assert live.reactions.started == [("Pending", 2), ("Routed", 3)]


@pytest.fixture
def listed(live):
    """Let the token have had a pool of old, which nobody tells."""
    old = pool_of("RAYDIUM", 50_000)
    live.market._pools_of_old = lambda symbol: [old] if symbol == "NEW" else []
    return live


def test_a_sniper_fires_at_once_on_a_pool_that_was_always_there(listed):
    listed.read(SNIPER)
    assert listed.seen() == pool_of("RAYDIUM", 50_000)


@pytest.mark.parametrize("wanted", [{"pool_provider": "METEORA"}, {"min_liquidity": 50_001}])
def test_a_pool_that_was_always_there_has_to_fit_too(listed, wanted):
    listed.read(placed(terms=sniper(token_out="NEW", **wanted)))
    assert listed.seen() is None


def test_what_was_added_is_counted_beside_what_was_always_there(listed):
    listed.read(placed(terms=sniper(token_out="NEW", min_liquidity=60_000)), rested(2))
    listed.watch.liquidity(pool_of("RAYDIUM", 9_999))
    listed.watch.liquidity(pool_of("METEORA", 59_999))
    assert listed.seen() is None
    listed.watch.liquidity(pool_of("RAYDIUM", 10_000))
    assert listed.seen() == pool_of("RAYDIUM", 60_000)
