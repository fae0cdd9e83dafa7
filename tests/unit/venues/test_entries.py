from datetime import UTC, datetime
from decimal import Decimal

import pytest
from base58 import b58decode
from hypothesis import given
from hypothesis import strategies as st

from orders.errors import Code, Reason
from orders.values import Execution
from tests.support.contracts import swap
from venues.entries import Arrival, Entry, signature_of
from venues.pools import Swap

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def arrival(least):
    execution = Execution(
        execution_id="order:1",
        venue="RAYDIUM",
        attempt=1,
        terms=swap(amount="10"),
        min_amount_out=Decimal(least),
    )
    return Arrival(execution, "RAYDIUM", T0)


def gives(amount_out):
    return Swap(Decimal(amount_out), fee=Decimal("0.025"), price_impact=Decimal(0))


def test_a_swap_of_exactly_the_minimum_settles():
    assert arrival("1500").meet(gives("1500")) == Entry(
        "order:1",
        "settled",
        "RAYDIUM",
        T0,
        executed_price=Decimal(150),
        amount_in=Decimal(10),
        amount_out=Decimal(1500),
        fee=Decimal("0.025"),
    )


@pytest.mark.parametrize(("least", "given"), [("1500", "1499.999999"), ("0", "0")])
def test_a_swap_of_less_or_of_nothing_is_refused(least, given):
    entry = arrival(least).meet(gives(given))
    assert (entry.status, entry.code) == ("refused", Code.SLIPPAGE_EXCEEDED)
    assert entry.reason == (f"RAYDIUM would give {given} USDC, the order wants at least {least}")


def test_a_swap_that_is_impossible_is_refused_with_its_reason():
    entry = arrival("1").meet(Reason(code=Code.NO_LIQUIDITY, message="no pool"))
    assert (entry.status, entry.code, entry.reason) == ("refused", Code.NO_LIQUIDITY, "no pool")


def test_a_signature_follows_from_id_and_slot():
    assert signature_of("order:1", 7) == signature_of("order:1", 7)
    assert len({signature_of(each, slot) for each in ("a:1", "a:2") for slot in (1, 2)}) == 4


@given(st.text(max_size=40), st.integers(min_value=0))
def test_every_signature_is_64_bytes_in_base58(execution_id, slot):
    signature = signature_of(execution_id, slot)
    assert len(b58decode(signature)) == 64


def test_only_a_settled_entry_is_signed():
    void = Entry("order:1", "void", "RAYDIUM", T0)
    assert (void.sealed(7).slot, void.sealed(7).signature) == (7, None)
    settled = arrival("1").meet(gives("1500"))
    assert settled.sealed(7).signature == signature_of("order:1", 7)
