"""What became of what was sent, and the money of it: the log and the ledger say the same."""

from decimal import Decimal

import pytest

from audit.findings import Findings
from audit.judgement import Outcomes, money_flaws
from audit.ledger import Entry
from orders.events import OrderCancelRequested
from tests.support.audited import story
from tests.support.builders import (
    ORDER_ID,
    cancelled,
    executed,
    expired,
    failed,
    fill,
    limit,
    retry_scheduled,
    routed,
    seconds,
    terms,
    triggered,
    wish,
)

SETTLED = Entry(
    *(f"{ORDER_ID}:1", "settled", "RAYDIUM", 7, "5" * 88),
    *(Decimal("149.9"), Decimal(10), Decimal(1499), Decimal("0.025")),
)
VOID = Entry(f"{ORDER_ID}:1", "void", "RAYDIUM", 6, None, None, None, None, None)
CANCEL = wish(OrderCancelRequested)


def outcome(told, *entries):
    """Return the broken invariants of one story and these entries of the ledger."""
    findings = Findings()
    held = {entry.execution_id: [entry] for entry in entries}
    Outcomes(findings).judge(told, held)
    return {one.name for one in findings.invariants if one.broken}


def test_money_is_the_ledgers_to_the_last_digit():
    told = story(routed(2), executed(3))
    assert money_flaws(told, SETTLED) == []
    assert money_flaws(told, None)[0].endswith("the ledger does not")
    tiny = Decimal("1e-18")
    [flaw] = money_flaws(told, SETTLED._replace(fee=Decimal("0.025") + tiny))
    assert flaw == "fee is 0.025, on the ledger 0.025000000000000001"


def test_the_minimum_is_the_quote_less_slippage_whatever_the_event_says():
    told = story(routed(2, min_amount_out=1), executed(3, fill=fill("1484.9")))
    assert told.least == 1485
    assert "its minimum is 1485.00" in money_flaws(told, None)[0]
    assert story(routed(2, min_amount_out=1490)).least == 1490


@pytest.mark.parametrize(
    ("events", "entries", "broken"),
    [
        ((routed(2),), (), set()),
        ((routed(2),), (SETTLED,), set()),
        ((routed(2), executed(3)), (SETTLED,), set()),
        ((routed(2), executed(3)), (VOID,), {"I6"}),
        ((routed(2), executed(3)), (), {"I6", "I9"}),
        ((routed(2), failed(3)), (VOID,), set()),
        ((routed(2), failed(3)), (SETTLED,), {"I9"}),
        ((routed(2), failed(3)), (), {"I9"}),
        ((routed(2), retry_scheduled(3)), (SETTLED,), {"I9"}),
        ((routed(2), retry_scheduled(3)), (VOID,), set()),
        ((routed(2), failed(9)), (SETTLED,), set()),
        ((routed(2), failed(9), failed(3)), (SETTLED,), {"I9"}),
        ((routed(2), failed(9), failed(3)), (VOID,), set()),
    ],
)
def test_what_was_sent_is_settled_or_void_as_the_log_says(events, entries, broken):
    assert outcome(story(*events), *entries) == broken


@pytest.mark.parametrize("end", [cancelled(3, 1), expired(3, 1)])
def test_nothing_that_settled_was_cancelled_or_expired(end):
    told = story(routed(2), CANCEL, end, wanted=terms(expires_at=seconds(1)))
    assert outcome(told, SETTLED) == {"I9"}
    assert outcome(told, VOID) == set()


def test_a_limit_order_gets_its_target_whatever_the_event_says():
    low = routed(3, min_amount_out=Decimal(1))
    told = story(triggered(2), low, executed(4, fill=fill(1511)), wanted=limit())
    assert f"it got 1511, its minimum is {told.terms.least_out}" in money_flaws(told, None)
