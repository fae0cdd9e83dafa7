"""What follows from each command, in sentences."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from orders.commands import BeginRetry
from orders.errors import Code
from orders.retry import RetryPolicy
from tests.support.builders import (
    METEORA,
    ORDER_ID,
    RAYDIUM,
    executed,
    failed,
    no_quote,
    place,
    placed,
    quote,
    reason,
    record_failure,
    record_fill,
    retry_due,
    retry_scheduled,
    route,
    routed,
    stamp,
    terms,
)
from tests.support.spec import Spec

order = Spec(RetryPolicy())
TWO_FAILURES = (placed(), routed(2), retry_scheduled(3), retry_due(4, 2), retry_scheduled(5, 2))
LAST_ATTEMPT = (
    *TWO_FAILURES,
    retry_due(6, 3),
    retry_scheduled(7, 3),
    retry_due(8, 4),
    routed(9, attempt=4, execution=2),
)
QUARANTINED = (placed(), routed(2), routed(3, attempt=2))


def test_placing_an_order_records_its_terms():
    order.given().when(place()).then(placed(causation_id=None))


def test_placing_an_order_again_changes_nothing():
    order.given(placed()).when(place()).then_nothing()


def test_routing_picks_the_quote_with_the_most_out_and_keeps_them_all():
    quotes = (quote(1500, RAYDIUM), quote(1501, METEORA))
    order.given(placed()).when(route(*quotes)).then(
        routed(2, venue=METEORA, min_amount_out=Decimal("1485.99"), quotes=quotes)
    )


def test_equal_quotes_go_to_the_first_venue_by_name():
    quotes = (quote(1500, RAYDIUM), quote(1500, METEORA))
    order.given(placed()).when(route(*quotes)).then(routed(2, venue=METEORA, quotes=quotes))


def test_a_venue_that_did_not_quote_is_told_in_the_routing():
    silent = no_quote(venue=METEORA)
    order.given(placed()).when(route(quote(1500), silent)).then(routed(2, failed_quotes=(silent,)))


def test_the_minimum_out_keeps_every_digit():
    precise = quote("0.123456789")
    tight = terms(slippage="0.000000001")
    order.given(placed(terms=tight)).when(route(precise)).then(
        routed(2, quotes=(precise,), min_amount_out=Decimal("0.123456788876543211"))
    )


def test_without_a_usable_quote_the_attempt_is_tried_again():
    order.given(placed()).when(route(quote(0), no_quote("TIMEOUT"))).then(
        retry_scheduled(2, reason=reason("TIMEOUT"))
    )


def test_one_venue_that_may_quote_later_keeps_the_order_alive():
    answers = (no_quote("NO_LIQUIDITY"), no_quote("NETWORK", METEORA))
    order.given(placed()).when(route(*answers)).then(retry_scheduled(2))


def test_when_every_venue_refuses_for_good_the_order_fails_at_once():
    answers = (no_quote("UNKNOWN_TOKEN"), no_quote("NO_LIQUIDITY", METEORA))
    order.given(placed()).when(route(*answers)).then(failed(2, code="UNKNOWN_TOKEN"))


def test_quotes_of_nothing_are_no_liquidity():
    nothing = reason("NO_LIQUIDITY", "no venue offers anything for this amount")
    order.given(placed()).when(route(quote(0))).then(failed(2, reason=nothing))


def test_a_fill_completes_the_order():
    order.given(placed(), routed(2)).when(record_fill()).then(executed(3))


def test_a_fill_that_arrives_twice_changes_nothing():
    order.given(placed(), routed(2), executed(3)).when(record_fill()).then_nothing()


def test_a_fill_for_an_order_that_was_not_routed_changes_nothing():
    order.given(placed()).when(record_fill()).then_nothing()


@pytest.mark.parametrize("code", ["NETWORK", "TIMEOUT", "THROTTLED", "SLIPPAGE_EXCEEDED"])
def test_a_failure_that_may_pass_is_retried(code):
    order.given(placed(), routed(2)).when(record_failure(code)).then(
        retry_scheduled(3, reason=reason(code))
    )


@pytest.mark.parametrize("code", ["NO_LIQUIDITY", "INVALID_ORDER", "INSUFFICIENT_FUNDS"])
def test_a_failure_for_good_ends_the_order(code):
    order.given(placed(), routed(2)).when(record_failure(code)).then(failed(3, code=code))


def test_the_ladder_is_two_four_and_eight_seconds():
    delays = [RetryPolicy().delay_after(attempt) for attempt in (0, 1, 2, 3, 4)]
    rungs = [timedelta(seconds=count) for count in (2, 4, 8)]
    assert delays == [None, *rungs, None]


def test_a_failure_while_quoting_counts_as_an_attempt():
    order.given(placed()).when(record_failure("INTERNAL")).then(
        retry_scheduled(2, reason=reason("INTERNAL"))
    )


def test_the_fourth_failure_is_the_last():
    order.given(*LAST_ATTEMPT).when(record_failure()).then(failed(10, attempts=4))


def test_the_wait_ends_with_the_next_attempt():
    order.given(*TWO_FAILURES).when(BeginRetry(stamp())).then(retry_due(6, 3))


def test_a_wait_that_is_over_does_not_end_again():
    order.given(*TWO_FAILURES, retry_due(6, 3)).when(BeginRetry(stamp())).then_nothing()


def test_the_execution_id_counts_routings_not_attempts():
    order.given(*TWO_FAILURES, retry_due(6, 3)).when(route(quote(1500))).then(
        routed(7, attempt=3, execution=2)
    )


def test_a_quarantined_order_starts_nothing():
    order.given(*QUARANTINED).when(route(quote())).then_nothing()


def test_what_a_quarantined_order_had_sent_is_still_recorded():
    order.given(*QUARANTINED).when(record_fill()).then(executed(4))


def test_a_quarantined_order_is_not_retried():
    event = order.given(*QUARANTINED).when(record_failure()).outcome[0]
    assert event == failed(4, reason=event.reason)
    assert event.reason.code == Code.QUARANTINED
    assert "OrderRouted cannot follow Routed" in event.reason.message


def test_an_order_quarantined_before_it_was_sent_has_nothing_to_record():
    quarantined = order.given(placed(), executed(2))
    quarantined.when(record_fill()).then_nothing()
    quarantined.when(record_failure()).then_nothing()


def test_what_follows_names_its_cause_and_its_request():
    history = placed(event_id="first", correlation_id="request-7")
    event = (
        order.given(history).when(replace(route(quote()), stamp=stamp(event_id="next"))).outcome[0]
    )
    assert (event.event_id, event.causation_id) == ("next", "first")
    assert event.correlation_id == "request-7"
    assert event.order_id == ORDER_ID
