"""What the WebSocket feeds say of each change."""

from decimal import Decimal

import pytest

from api.history import row_of
from api.messages import order_message, reason_text, state_of, user_message
from api.rows import Change, FeedRow
from api.words import status_after
from orders.events import OrderCancelRequested
from orders.fold import replay
from tests.support.builders import (
    LIQUIDITY,
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
    triggered,
    wish,
)

HEAD = {"orderId": ORDER_ID}


def change(event, status):
    record = FeedRow(
        seq=1,
        order_id=ORDER_ID,
        version=event.version,
        type=event.type,
        superseded=False,
        occurred_at=event.occurred_at,
        appended_at=event.occurred_at,
        data="{}",
    )
    return Change(
        seq=1,
        order_id=ORDER_ID,
        user_id="u",
        version=event.version or 0,
        status=status,
        event=event,
        record=record,
        order=row_of(replay([placed()])),
    )


@pytest.mark.parametrize(
    ("event", "status", "more"),
    [
        (placed(), "pending", {}),
        (routed(2), "executing", {"selectedDex": "RAYDIUM"}),
        (
            executed(3),
            "completed",
            {"selectedDex": "RAYDIUM", "executedPrice": Decimal("149.9"), "txHash": "5" * 88},
        ),
        (retry_scheduled(3), "executing", {"error": "NETWORK: the line is cut"}),
        (retry_due(4, 2), "executing", {}),
        (failed(2, code="NO_LIQUIDITY"), "failed", {"error": "NO_LIQUIDITY: the line is cut"}),
        (rested(2), "open", {}),
        (rested(4, 2, reason=reason()), "open", {"error": "NETWORK: the line is cut"}),
        (triggered(3), "executing", {}),
        (amended(3, limit()), "open", {}),
        (cancelled(3), "cancelled", {}),
        (expired(3), "expired", {}),
        (wish(OrderCancelRequested), "open", {}),
    ],
)
def test_the_feed_of_an_order_tells_a_change(event, status, more):
    told = order_message(change(event, status))
    assert told.pop("message")
    expected = {"status": status, "timestamp": event.occurred_at, "version": event.version or 0}
    assert told == {**HEAD, **expected, **more}


@pytest.mark.parametrize(
    ("event", "status", "told"),
    [
        (routed(2), "executing", {"status": "processing"}),
        (retry_due(4, 2), "executing", {"status": "processing"}),
        (
            retry_scheduled(3),
            "executing",
            {"status": "processing", "error": "NETWORK: the line is cut", "isRetryable": True},
        ),
        (
            executed(3),
            "completed",
            {"status": "completed", "txHash": "5" * 88, "executionPrice": Decimal("149.9")},
        ),
        (
            failed(2, code="NO_LIQUIDITY"),
            "failed",
            {"status": "failed", "error": "NO_LIQUIDITY: the line is cut", "isRetryable": False},
        ),
    ],
)
def test_the_feed_of_a_user_tells_a_change(event, status, told):
    assert user_message(change(event, status)) == {"type": "ORDER_UPDATE", **HEAD, **told}


def test_the_feed_of_a_user_does_not_tell_of_a_pending_order():
    assert user_message(change(placed(), "pending")) is None


@pytest.mark.parametrize(
    ("events", "status", "sentence"),
    [
        ((), "pending", "queued"),
        ((routed(2),), "executing", "RAYDIUM"),
        ((routed(2), retry_scheduled(3)), "executing", "Attempt 1 failed"),
        ((retry_scheduled(2), retry_due(3, 2)), "executing", "Starting attempt 2"),
        ((routed(2), executed(3)), "completed", "RAYDIUM"),
        ((failed(2),), "failed", "1 attempt"),
    ],
)
def test_a_feed_begins_with_the_present_state(events, status, sentence):
    told = state_of(row_of(replay([placed(), *events])))
    assert (told["orderId"], told["status"]) == (ORDER_ID, status)
    assert told["version"] == len(events) + 1
    assert sentence in str(told["message"])
    assert ("error" in told) == (status == "failed" or "failed" in sentence)


def test_a_reason_is_its_code_and_its_sentence():
    assert reason_text("A", "b") == "A: b"
    assert reason_text("A", "") == "A"
    assert reason_text(None, None) is None


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_the_feed_of_a_user_tells_an_end_without_a_fill_as_a_failure(status):
    event = cancelled(3) if status == "cancelled" else expired(3)
    told = user_message(change(event, status))
    assert told == {"type": "ORDER_UPDATE", **HEAD, "status": "failed", "error": status}


@pytest.mark.parametrize(
    ("event", "status"),
    [(rested(2), "open"), (amended(3, limit()), "open"), (wish(OrderCancelRequested), "executing")],
)
def test_the_feed_of_a_user_tells_neither_rest_nor_wishes(event, status):
    assert user_message(change(event, status)) is None


AT_REST = (placed(terms=limit()), rested(2))


@pytest.mark.parametrize(
    ("history", "status", "message"),
    [
        (AT_REST, "open", "Waiting for the market"),
        (
            (*AT_REST, wish(OrderCancelRequested), cancelled(3)),
            "cancelled",
            "Order cancelled after 0 attempt(s)",
        ),
        (
            (placed(terms=limit(expires_at=T0)), expired(2)),
            "expired",
            "Order expired after 0 attempt(s)",
        ),
    ],
)
def test_the_feed_of_an_order_begins_with_how_it_stands(history, status, message):
    told = state_of(row_of(replay(history)))
    assert (told["status"], told["message"]) == (status, message)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (placed(), "pending"),
        (triggered(2, LIQUIDITY), "pending"),
        (triggered(2), "executing"),
        (triggered(3, LIQUIDITY), "executing"),
        (rested(2), "open"),
        (amended(3, limit()), "open"),
        (routed(2), "executing"),
    ],
)
def test_the_word_right_after_an_event_is_what_the_fold_says(event, status):
    assert status_after(event) == status
