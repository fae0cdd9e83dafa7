"""What people see of an order: a word for its status, where it is, and why."""

import pytest

from orders import state
from orders.events import OrderCancelRequested
from orders.fold import replay
from orders.state import UNPLACED
from tests.support.builders import (
    LIQUIDITY,
    T0,
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
    sniper,
    terms,
    triggered,
    wish,
)

CANCEL = wish(OrderCancelRequested)
LIMIT, SNIPER = placed(terms=limit()), placed(terms=sniper())
WAITING = (placed(), routed(2), retry_scheduled(3))


@pytest.mark.parametrize(
    ("history", "word"),
    [
        ((placed(),), "pending"),
        ((placed(), routed(2)), "executing"),
        (WAITING, "executing"),
        ((*WAITING, retry_due(4, 2)), "executing"),
        ((placed(), routed(2), executed(3)), "completed"),
        ((placed(), failed(2)), "failed"),
        ((placed(), executed(2)), "pending"),
        ((placed(), routed(2), routed(3)), "executing"),
        ((LIMIT,), "pending"),
        ((LIMIT, rested(2)), "open"),
        ((LIMIT, triggered(2)), "executing"),
        ((SNIPER, triggered(2, LIQUIDITY)), "pending"),
        ((LIMIT, rested(2), triggered(3)), "executing"),
        ((placed(), CANCEL, cancelled(2)), "cancelled"),
        ((placed(terms=terms(expires_at=T0)), expired(2)), "expired"),
    ],
)
def test_the_word_people_see(history, word):
    order = replay(history)
    assert order is not UNPLACED
    assert state.status(order) == word


@pytest.mark.parametrize(
    ("history", "where", "why"),
    [
        ((LIMIT,), None, None),
        ((placed(), routed(2)), "RAYDIUM", None),
        (WAITING, "RAYDIUM", "NETWORK"),
        ((*WAITING, retry_due(4, 2)), None, "NETWORK"),
        ((LIMIT, rested(2, reason=reason("PRICE_NOT_REACHED"))), None, "PRICE_NOT_REACHED"),
        ((placed(), executed(2)), None, "QUARANTINED"),
        ((placed(), routed(2), routed(3)), "RAYDIUM", "QUARANTINED"),
        ((*WAITING, CANCEL, cancelled(4, 1)), "RAYDIUM", "CANCELLED"),
        ((placed(), executed(2), CANCEL, cancelled(3)), None, "CANCELLED"),
        ((placed(terms=terms(expires_at=T0)), expired(2)), None, "EXPIRED"),
        ((placed(), routed(2), executed(3)), "RAYDIUM", None),
    ],
)
def test_where_an_order_is_and_why(history, where, why):
    order = replay(history)
    assert state.venue(order) == where
    told = state.reason(order)
    assert (told and told.code.value) == why
