"""The row of an order, state by state."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.events import OrderAmendRequested, OrderCancelRequested
from orders.fold import replay
from orders.state import Resting
from orders.wire import decode_order
from projections.orders import CHANGING, OrderRow, order_change, order_row
from tests.support.builders import (
    METEORA,
    ORDER_ID,
    T0,
    amended,
    cancelled,
    executed,
    expired,
    failed,
    limit,
    placed,
    reason,
    rested,
    retry_due,
    retry_scheduled,
    routed,
    seconds,
    sniper,
    terms,
    wish,
)


def row_after(*events):
    return order_row(replay(events), partition=3, placed_offset=17)


def test_a_placed_order_is_pending_with_the_terms_of_its_placement():
    row = row_after(
        placed(
            user_id="ann",
            client_order_id="mine",
            tags=("one", "two"),
            terms=terms(amount="10.50", slippage="0.010"),
        )
    )
    assert row.order_id == ORDER_ID
    assert (row.partition, row.placed_offset) == (3, 17)
    assert (row.client_order_id, row.tags) == ("mine", ["one", "two"])
    assert (row.user_id, row.order_type, row.token_in, row.token_out) == (
        *("ann", "market"),
        *("SOL", "USDC"),
    )
    assert (str(row.amount), str(row.slippage)) == ("10.50", "0.010")
    assert (row.status, row.version, row.attempts) == ("pending", 1, 0)
    assert (row.created_at, row.updated_at, row.not_after) == (T0, T0, seconds(10))
    assert not row.quarantined


def test_a_routed_order_is_executing_at_its_venue():
    row = row_after(placed(), routed(2, venue=METEORA, occurred_at=seconds(1)))
    assert (row.status, row.selected_dex, row.attempts) == ("executing", "METEORA", 1)
    assert row.updated_at == seconds(1)


def test_a_waiting_order_tells_when_it_goes_on_and_what_went_wrong():
    waiting = (placed(), routed(2), retry_scheduled(3, occurred_at=seconds(5)))
    row = row_after(*waiting)
    assert (row.status, row.selected_dex, row.next_retry_at) == ("executing", "RAYDIUM", seconds(7))
    assert (row.error_code, row.error_reason) == ("NETWORK", "the line is cut")
    due = row_after(*waiting, retry_due(4, 2))
    assert (due.status, due.next_retry_at, due.error_code) == ("executing", None, "NETWORK")
    assert row_after(*waiting, retry_due(4, 2), routed(5, 2)).error_code is None


def test_a_completed_order_has_its_fill_and_no_state():
    row = row_after(placed(), routed(2), executed(3))
    assert (row.status, row.selected_dex, row.version) == ("completed", "RAYDIUM", 3)
    assert (row.executed_price, row.amount_out) == (Decimal("149.9"), Decimal(1499))
    assert row.tx_hash == "5" * 88
    assert (row.state, row.error_code, row.error_reason) == (None, None, None)


def test_a_failed_order_keeps_its_reason():
    row = row_after(placed(), routed(2), failed(3, reason=reason("NO_LIQUIDITY", "empty pool")))
    assert (row.status, row.selected_dex, row.state) == ("failed", "RAYDIUM", None)
    assert (row.error_code, row.error_reason) == ("NO_LIQUIDITY", "empty pool")
    assert row.executed_price is None


def test_a_quarantined_order_keeps_its_place_and_says_why():
    row = row_after(placed(), routed(2), executed(5))
    assert row.quarantined
    assert (row.status, row.version, row.selected_dex) == ("executing", 2, "RAYDIUM")
    assert row.error_code == "QUARANTINED"
    assert "version 3 never did" in row.error_reason
    assert row_after(placed(), executed(2)).selected_dex is None


@pytest.mark.parametrize(
    "events",
    [
        (placed(),),
        (placed(), routed(2)),
        (placed(), routed(2), retry_scheduled(3)),
        (placed(), routed(2), executed(5)),
    ],
)
def test_the_state_of_an_open_order_is_all_that_recovery_needs(events):
    assert decode_order(row_after(*events).state) == replay(events)


def test_no_event_moves_what_the_placement_settled():
    first = row_after(placed())._asdict()
    last = row_after(placed(), routed(2), retry_scheduled(3), retry_due(4, 2))._asdict()
    settled = OrderRow._fields[: -len(CHANGING)]
    assert {name: first[name] for name in settled} == {name: last[name] for name in settled}


def test_a_change_holds_the_last_columns_of_the_row_and_whose_they_are():
    assert OrderRow._fields[-len(CHANGING) :] == CHANGING
    order = replay((placed(), routed(2), executed(3)))
    row = order_row(order, 3, 17)._asdict()
    assert order_change(order) == tuple(row[name] for name in (*CHANGING, "order_id"))


def test_what_no_column_can_hold_does_not_stop_the_projector():
    row = row_after(
        placed(terms=terms(amount="1e-20000")),
        retry_scheduled(2, reason=reason(message="cut\0off"), delay=timedelta.max),
    )
    assert row.error_reason == "cut\ufffdoff"
    assert row.amount is None
    assert row.next_retry_at.year == 9999


def test_an_order_at_rest_is_open_and_tells_what_it_waits_for():
    wanted = limit(expires_at=seconds(9), time_in_force="IOC")
    row = row_after(placed(terms=wanted), rested(2))
    assert (row.status, row.version) == ("open", 2)
    assert (str(row.target_price), row.expires_at) == ("151.2", seconds(9))
    assert row.time_in_force == "IOC"
    assert isinstance(decode_order(row.state), Resting)


def test_a_sniper_order_tells_which_pool_it_waits_for():
    row = row_after(placed(terms=sniper(pool_provider=METEORA, min_liquidity="50.5")))
    assert (row.status, row.pool_provider, str(row.min_liquidity)) == ("pending", METEORA, "50.5")


def test_a_wish_is_told_beside_the_version_and_time_that_stay():
    asked = wish(OrderCancelRequested, occurred_at=seconds(5))
    row = row_after(placed(terms=limit()), rested(2), asked)
    assert (row.cancel_requested, row.version, row.updated_at) == (True, 2, T0)


def test_an_amendment_changes_what_the_placement_settled():
    asked = wish(OrderAmendRequested, seen_version=2, terms=limit(target_price="150", amount="3"))
    row = row_after(placed(terms=limit()), rested(2), asked, amended(3, asked.terms))
    assert (row.amount, row.target_price, row.version) == (3, 150, 3)
    assert {"amount", "slippage", "target_price", "expires_at"} <= set(CHANGING)


@pytest.mark.parametrize("end", [cancelled(3), expired(3)])
def test_an_order_that_was_ended_keeps_no_state(end):
    begun = (placed(terms=limit(expires_at=seconds(9))), rested(2), wish(OrderCancelRequested))
    row = row_after(*begun, end)
    assert (row.status, row.state) == (end.type.removeprefix("Order").lower(), None)
    assert row.error_code == row.status.upper()
