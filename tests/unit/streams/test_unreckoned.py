"""An order whose price cannot be reckoned is told and fires on nothing; all others go on."""

from decimal import Decimal, Overflow

import pytest
from msgspec.structs import replace

from orders.fold import replay
from streams.resting import RestingOrders
from streams.snapshot import Snapshot
from tests.support.builders import LIQUIDITY, ORDER_ID, T0, limit, placed, rested, sniper
from tests.unit.streams.told import LIMIT, hear, tick

ODD_ID, SNIPER_ID = (f"{number:08}-0000-4000-8000-000000000000" for number in (7, 8))
ODD = placed(order_id=ODD_ID, terms=limit(150, amount=13))
TOLD = "an order's price cannot be reckoned"
ROUNDS = 2


@pytest.fixture
def odd(deaf):
    """A partition that is not live yet, and one order whose share is what `deaf.share` says."""

    def share(terms):
        if terms.amount != 13:
            return Decimal(1)
        if isinstance(deaf.share, Exception):
            raise deaf.share
        return deaf.share

    deaf.share = Overflow()
    resting = RestingOrders(deaf.market, share, deaf.lane, deaf.probes)
    deaf.partition.resting = resting
    return deaf


def take_over(bench):
    orders = {
        ODD_ID: replay([ODD, rested(2, order_id=ODD_ID)]),
        ORDER_ID: replay([LIMIT, rested(2)]),
    }
    bench.partition.restore(Snapshot(T0, next_offset=4, open=orders))
    bench.partition.go_live()


@pytest.mark.parametrize("wrong", [Overflow(), ZeroDivisionError(), ValueError(), Decimal("NaN")])
def test_who_takes_over_such_an_order_goes_on_with_all_others(odd, caplog, wrong):
    odd.share = wrong
    take_over(odd)
    assert [one.order_id for one in caplog.records if one.message == TOLD] == [ODD_ID]
    hear(odd, 1_000, 1)
    assert odd.seen() == tick(1_000, 1)
    assert odd.seen(ODD_ID) is None


def test_such_an_order_comes_to_rest_and_is_told_no_more_while_it_does(odd, caplog):
    odd.partition.go_live()
    hear(odd, 1_000)
    odd.read(ODD, rested(2, order_id=ODD_ID))
    assert odd.seen(ODD_ID) is None
    caplog.clear()
    for _ in range(ROUNDS):
        odd.partition.end_what_is_over()
    assert caplog.records == []


def test_such_an_order_fires_once_its_price_is_reckoned(odd):
    take_over(odd)
    odd.share = Decimal(1)
    for _ in range(ROUNDS):
        odd.partition.end_what_is_over()
    hear(odd, 151, 1)
    assert odd.seen(ODD_ID) == tick(151, 1)


def test_an_order_that_looks_back_while_its_price_cannot_be_reckoned_waits(odd):
    hear(odd, 1_000, 5)
    take_over(odd)
    assert odd.seen(ODD_ID) is None


def test_a_sniper_whose_tokens_pools_cannot_be_reckoned_waits_for_one_that_is_told(live, caplog):
    def pools(symbol):
        raise Overflow

    live.market._pools_of_old = pools
    begun = placed(order_id=SNIPER_ID, terms=sniper(token_out="NEW"))
    live.read(begun, rested(2, order_id=SNIPER_ID))
    assert {one.message for one in caplog.records} == {"a token's pools cannot be reckoned"}
    assert live.seen(SNIPER_ID) is None
    pool = replace(LIQUIDITY, token="NEW")
    live.watch.liquidity(pool)
    assert live.seen(SNIPER_ID) == pool
