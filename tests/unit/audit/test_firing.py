"""When an order may fire, go on and expire, by the audit's own rules; each of them broken."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from audit.chapter import Chapter
from audit.findings import Figures, Findings
from audit.firing import flaw_of, price_along
from audit.log import Record
from audit.turns import Moment
from orders.events import OrderAmendRequested
from orders.tokens import find
from orders.topics import partition_of
from orders.values import Tick
from orders.wire import encode
from tests.support.builders import (
    LIQUIDITY,
    METEORA,
    ORDER_ID,
    T0,
    amended,
    expired,
    limit,
    no_quote,
    placed,
    quote,
    rested,
    routed,
    seconds,
    sniper,
    triggered,
    wish,
)

FREE = replace(quote(venue=METEORA), fee=Decimal(0))
BUY = {"token_in": "USDC", "token_out": "SOL"}


def tick(price, pair="SOL/USDC"):
    return Tick(pair=pair, price=Decimal(price), at=T0)


def pool(**changes):
    return replace(LIQUIDITY, **changes)


def broken(*life, at=T0):
    """Return what the audit has against this life of an order, each event told a moment later."""
    findings = Findings()
    moment = Moment(seconds(100), timedelta(seconds=60))
    chapter = Chapter((partition_of(ORDER_ID, 1), 1), moment, findings, Figures())
    chapter.tell([Record(0, n, ORDER_ID.encode(), encode(one), at) for n, one in enumerate(life)])
    return {one.name: "\n".join(one.examples) for one in findings.invariants if one.broken}


@pytest.mark.parametrize(
    ("terms", "seen", "told"),
    [
        (limit(target_price=150), tick(150), None),
        (limit(target_price=150), tick("149.999999"), "its target is 150"),
        (limit(target_price="0.008", **BUY), tick(125), None),
        (limit(target_price="0.008", **BUY), tick("125.001"), "its target is 0.008"),
        (limit(target_price=Decimal(1) / 3, **BUY), tick(3), None),
        (limit(target_price=150), tick(200, "JUP/USDC"), "it swaps SOL for USDC"),
        (limit(target_price=150), tick(200, "SOL"), "it swaps SOL for USDC"),
        (limit(target_price=150, token_in=find("SOL").mint), tick(150), None),
        (sniper(token_out="NEW"), pool(token="NEW"), None),
        (sniper(token_out="NEW"), pool(token="OLD"), "it waits for NEW"),
        (sniper(token_out="NEW"), pool(token="NEW", usd=Decimal(0)), "which is none"),
        (sniper(pool_provider=METEORA), pool(), "it waits for one of METEORA"),
        (sniper(pool_provider="RAYDIUM"), pool(), None),
        (sniper(min_liquidity=50_000), pool(), None),
        (sniper(min_liquidity=50_001), pool(), "it waits for 50001"),
    ],
)
def test_an_order_fires_on_what_it_waits_for(terms, seen, told):
    found = flaw_of(triggered(3, seen), terms, None, T0) or ""
    assert (told or "") in found
    assert bool(told) == bool(found)


@pytest.mark.parametrize(
    ("target", "answers", "fires"),
    [
        ("151.12125", {}, True),
        ("151.12126", {}, False),
        (
            "151.12126",
            {"quotes": (quote(), replace(quote(venue=METEORA), fee=0))},
            True,
        ),
        ("151.12126", {"failed_quotes": (no_quote(venue=METEORA),)}, True),
        ("151.12126", {"attempt": 2}, True),
    ],
    ids=["reached", "not net of the fee", "a cheaper venue", "who knows", "tried again"],
)
def test_a_limit_order_fires_at_its_price_net_of_the_least_fee(target, answers, fires):
    terms, sent = limit(target_price=target), routed(4, **answers)
    found = flaw_of(sent, terms, price_along(terms, tick("151.5")), T0) or ""
    assert ("after the least fee 151.12125" in found) is not fires
    assert bool(found) is not fires


@pytest.mark.parametrize(("ends", "soon"), [(0, False), (0.001, False), (0.002, True)])
def test_an_order_expires_no_sooner_than_its_time_by_the_brokers_clock(ends, soon):
    found = flaw_of(expired(3), limit(expires_at=seconds(ends)), None, T0)
    assert bool(found) is soon


@pytest.mark.parametrize("event", [triggered(3, tick(200)), routed(3)])
@pytest.mark.parametrize(("ends", "late"), [(0.001, False), (0, True), (-1, True)])
def test_an_order_does_not_go_on_when_its_time_is_over(event, ends, late):
    found = flaw_of(event, limit(expires_at=seconds(ends)), None, seconds(-5))
    assert bool(found) is late


@pytest.mark.parametrize("price", ["1e-2000000", "1e30"])
def test_numbers_beyond_all_numbers_stop_no_audit(price):
    for terms in (limit(), limit(**BUY), limit(target_price=price)):
        fired = flaw_of(triggered(3, tick(price)), terms, None, T0)
        odd = replace(quote(), fee=Decimal(f"{price}00"))
        sent = flaw_of(routed(4, quotes=(odd,)), terms, price_along(terms, tick(price)), T0)
        assert all(one is None or "fired" in one for one in (fired, sent))


def test_what_came_too_soon_breaks_i8_and_names_the_order():
    begun = placed(terms=limit(target_price=151, expires_at=seconds(9)))
    assert broken(begun, rested(2), triggered(3, tick("151.5"))) == {}
    short = broken(begun, rested(2), triggered(3, tick("150.9")))
    assert short == {"I8": f"order {ORDER_ID}: fired on SOL/USDC at 150.9, its target is 151"}
    assert broken(begun, rested(2), expired(3)).keys() == {"I8"}
    assert broken(begun, rested(2), expired(3), at=seconds(9)) == {}
    for price in ("151.5", "151.1"):
        life = (begun, rested(2), triggered(3, tick(price)), routed(4, min_amount_out=1510))
        assert ("I8" in broken(*life)) is (price == "151.1")


SHORT = (
    *(placed(terms=limit(150)), rested(2), triggered(3, tick(151))),
    rested(4, 2, delay=timedelta(seconds=2), occurred_at=seconds(10)),
)
DEAR = (
    *(placed(terms=limit("0.006", **BUY)), rested(2), triggered(3, tick(160))),
    rested(4, 2, delay=timedelta(seconds=2), occurred_at=seconds(10)),
)


@pytest.mark.parametrize(
    ("life", "price", "after", "wrong"),
    [
        (SHORT, "151.1", 0, False),
        (SHORT, "151", 1.999, True),
        (SHORT, "150.5", 0, True),
        (SHORT, "150.5", 2, False),
        (DEAR, "159.9", 0, False),
        (DEAR, "160", 1.999, True),
        (DEAR, "161", 2, False),
    ],
)
def test_what_fell_short_fires_again_at_a_better_price_or_after_its_pause(
    life, price, after, wrong
):
    again = triggered(5, tick(price), occurred_at=seconds(10 + after))
    found = broken(*life, again)
    assert list(found) == (["I8"] if wrong else [])
    if wrong:
        assert "after it fell short" in found["I8"]


def test_an_amended_order_fires_again_at_any_price_at_once():
    other = limit("150.2")
    asked = wish(OrderAmendRequested, "a", seen_version=4, terms=other)
    again = triggered(6, tick("150.5"), occurred_at=seconds(10))
    assert broken(*SHORT, asked, amended(5, other, causation_id="a"), again) == {}


def test_the_first_rest_of_an_order_has_no_pause():
    assert broken(placed(terms=limit(150)), rested(2), triggered(3, tick(150))) == {}
