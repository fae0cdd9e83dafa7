"""A sniper fires on a pool of its token, whenever that came, and none out of turn."""

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from orders.events import OrderCancelRequested
from orders.fold import replay
from orders.state import Resting
from orders.values import Liquidity
from streams import watch
from streams.snapshot import Snapshot
from streams.watch import Watch
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
    wish,
)
from tests.support.log import eventually
from tests.unit.streams.conftest import Bench

NEW_POOL = replace(LIQUIDITY, token="NEW")
SNIPER = placed(terms=sniper(token_out="NEW"))


EARLIER, LATER = (f"{number:08}-0000-4000-8000-000000000000" for number in (2, 1))


@pytest.fixture
def another():
    return Bench()


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


class TwoPartitions:
    """A worker that takes two partitions over, with a sniper at rest in each."""

    def __init__(self, one, other):
        self.benches = one, other
        mapping = dict(enumerate(bench.partition for bench in self.benches))
        self.watch = Watch(one.market, mapping, one.reactions.expect)
        self.watch.liquidity(NEW_POOL)
        other.partition.resting._market = one.market
        other.partition.resting._firing = one.lane
        for bench in self.benches:
            bench.partition.resting.gather(self.watch.found)

    def fired(self, count):
        async def have_fired():
            return len(self.benches[0].lane.settled) == count

        return have_fired

    def place(self, number, order_id, placed_at):
        """Let a partition, which is deaf, have a new sniper in its log."""
        about = {"order_id": order_id, "occurred_at": seconds(placed_at)}
        bench = self.benches[number]
        bench.partition.fold(bench.record(0, placed(terms=SNIPER.terms, **about)))

    def take_over(self, number, order_id, placed_at):
        place = {"order_id": order_id, "occurred_at": seconds(placed_at)}
        order = replay([placed(terms=SNIPER.terms, **place), rested(2, order_id=order_id)])
        assert isinstance(order, Resting)
        partition = self.benches[number].partition
        partition.restore(Snapshot(T0, next_offset=2, open={order_id: order}))
        partition.go_live()


async def test_snipers_taken_over_one_by_one_fire_in_the_order_of_their_placement(deaf, another):
    both = TwoPartitions(deaf, another)
    both.take_over(0, LATER, 2)
    await asyncio.sleep(0)
    assert deaf.lane.settled == []
    both.take_over(1, EARLIER, 1)
    await eventually(both.fired(2), 5)
    assert deaf.lane.settled == [EARLIER, LATER]
    assert deaf.reactions.expected[-1] == [EARLIER, LATER]


async def test_new_snipers_of_a_known_pool_start_as_they_were_placed_however_they_are_read(
    deaf, another
):
    both = TwoPartitions(deaf, another)
    for bench in both.benches:
        bench.partition.go_live()
    for bench, order_id, at in ((deaf, LATER, 2), (another, EARLIER, 1)):
        place = {"order_id": order_id, "occurred_at": seconds(at)}
        bench.read(placed(terms=SNIPER.terms, **place))
    assert [*dict.fromkeys(deaf.lane.settled)] == [LATER, EARLIER]
    assert deaf.reactions.expected[-2:] == [[LATER], [EARLIER]]


async def test_new_snipers_taken_over_one_by_one_fire_together_and_rest_not_before(deaf, another):
    both = TwoPartitions(deaf, another)
    both.place(0, LATER, 2)
    deaf.partition.go_live()
    assert deaf.partition.settling(LATER) is None
    both.place(1, EARLIER, 1)
    deaf.lane.settled.clear()
    another.partition.go_live()
    await eventually(both.fired(2), 5)
    assert deaf.reactions.expected[-1] == [EARLIER, LATER]
    assert deaf.partition.settling(LATER)[1] == NEW_POOL


async def test_a_new_sniper_that_waits_for_others_can_be_cancelled(deaf, another):
    TwoPartitions(deaf, another).place(0, LATER, 2)
    deaf.partition.go_live()
    deaf.read(wish(OrderCancelRequested, order_id=LATER), first=1)
    order, seen = deaf.partition.settling(LATER)
    assert (order.cancel is not None, seen) == (True, None)


async def test_a_sniper_taken_over_waits_not_long_for_a_partition_that_is_late(
    deaf, another, monkeypatch
):
    monkeypatch.setattr(watch, "_LOOKS", 2)
    both = TwoPartitions(deaf, another)
    both.take_over(0, LATER, 2)
    await eventually(both.fired(1), 5)
    assert deaf.lane.settled == [LATER]
    both.take_over(1, EARLIER, 1)
    await eventually(both.fired(2), 5)


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
