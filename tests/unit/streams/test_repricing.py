"""Orders at rest when fees and impact become others: they fire on the price that is left of it."""

from decimal import Decimal

from msgspec.structs import replace

from tests.support.builders import LIQUIDITY, ORDER_ID, limit, placed, rested
from tests.unit.streams.told import LIMIT, fell_short, hear, tick

ROUNDS = 2
"""So many rounds price all orders of these tests anew."""


def price_anew(bench):
    for _ in range(ROUNDS):
        bench.partition.end_what_is_over()


def test_an_order_fires_sooner_when_its_impact_has_become_less(live):
    live.share = Decimal("0.5")
    live.read(LIMIT, rested(2))
    hear(live, 200)
    assert live.seen() is None
    live.share = Decimal(1)
    price_anew(live)
    hear(live, 151, 1)
    assert live.seen() == tick(151, 1)


def test_an_order_fires_later_when_its_impact_has_become_more(live):
    live.read(LIMIT, rested(2))
    live.share = Decimal("0.5")
    price_anew(live)
    hear(live, 299)
    assert live.seen() is None
    hear(live, 300, 1)
    assert live.seen() == tick(300, 1)


def test_orders_of_a_token_whose_pool_grew_are_priced_before_all_others(live):
    ids = [f"{place:08}-0000-4000-8000-000000000000" for place in range(60)]
    for place, order_id in enumerate(ids):
        other = {} if order_id == ids[-1] else {"token_in": "JUP"}
        event = placed(order_id=order_id, terms=limit(150, **other))
        live.read(event, rested(2, order_id=order_id), first=2 * place)
    live.share = Decimal("1.5")
    live.watch.liquidity(replace(LIQUIDITY, token="SOL"))
    live.partition.end_what_is_over()
    hear(live, 100, 1)
    assert live.seen(ids[-1]) == tick(100, 1)


def test_an_order_that_pauses_keeps_its_price_whatever_becomes_of_its_impact(live):
    hear(live, 150)
    fell_short(live)
    live.share = Decimal("1.5")
    price_anew(live)
    hear(live, 120, 0.5)
    assert live.probes.settled == []
    live.seconds = 1
    live.partition.end_what_is_over()
    hear(live, 120, 1)
    assert live.probes.settled == [ORDER_ID]
