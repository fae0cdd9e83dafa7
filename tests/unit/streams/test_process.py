"""From a state to its next event, with fake venues."""

from datetime import timedelta

import pytest

from orders.errors import Code
from orders.events import (
    OrderCancelled,
    OrderCancelRequested,
    OrderExecuted,
    OrderFailed,
    OrderRetryScheduled,
    OrderRouted,
)
from orders.fold import replay
from orders.ports import Unknown
from orders.values import Quote
from streams.process import QUOTE_TTL
from tests.support.builders import (
    METEORA,
    ORDER_ID,
    RAYDIUM,
    T0,
    placed,
    reason,
    retry_due,
    retry_scheduled,
    routed,
    wish,
)


class Garbled(Quote, frozen=True):
    """A quote that nobody looked at."""

    def __post_init__(self):
        pass


async def test_a_pending_order_is_routed_with_the_quotes_of_all_venues(desk):
    event = await desk.advance(placed())
    assert isinstance(event, OrderRouted)
    assert {quote.venue for quote in event.quotes} == {RAYDIUM, METEORA}


async def test_a_venue_that_does_not_quote_does_not_stop_the_other(desk):
    desk.raydium.will_quote(reason("TIMEOUT"))
    event = await desk.advance(placed())
    assert isinstance(event, OrderRouted)
    assert event.venue == METEORA
    assert [failed.venue for failed in event.failed_quotes] == [RAYDIUM]


async def test_a_venue_with_a_fault_of_ours_counts_as_silent(desk):
    async def explode(_terms, _attempt):
        raise ZeroDivisionError

    desk.raydium.quote = explode
    event = await desk.advance(placed())
    assert isinstance(event, OrderRouted)
    assert event.failed_quotes[0].reason.code == Code.INTERNAL


async def test_a_routed_order_is_executed_where_it_was_routed(desk):
    event = await desk.advance(placed(), routed(2))
    assert isinstance(event, OrderExecuted)
    assert [sent.execution_id for sent in desk.raydium.executed] == [f"{ORDER_ID}:1"]
    assert desk.meteora.executed == []


async def test_a_refusal_is_final_for_the_attempt(desk):
    desk.raydium.will_execute("price-moved")
    event = await desk.advance(placed(), routed(2))
    assert isinstance(event, OrderRetryScheduled)
    assert event.reason.code == Code.SLIPPAGE_EXCEEDED
    assert desk.raydium.resolved == []


async def test_an_answer_that_was_lost_is_asked_for(desk):
    desk.raydium.will_execute("lost-answer")
    event = await desk.advance(placed(), routed(2))
    assert isinstance(event, OrderExecuted)
    assert desk.raydium.resolved == [f"{ORDER_ID}:1"]


async def test_what_never_landed_is_void_before_it_is_tried_again(desk):
    desk.raydium.will_execute("glitch")
    event = await desk.advance(placed(), routed(2))
    assert isinstance(event, OrderRetryScheduled)
    assert event.reason.code == Code.NETWORK
    assert desk.raydium.resolved == [f"{ORDER_ID}:1"]


async def test_there_is_no_way_on_past_an_unknown_outcome(desk):
    desk.raydium.will_execute("lost-answer")
    desk.raydium.will_not_resolve(Unknown(reason("TIMEOUT")), Unknown(reason("NETWORK")))
    event = await desk.advance(placed(), routed(2))
    assert isinstance(event, OrderExecuted)
    assert len(desk.raydium.resolved) == 3


async def test_an_execution_that_ended_in_a_fault_of_ours_is_resolved(desk):
    settle = desk.raydium.execute

    async def explode_after_landing(execution):
        await settle(execution)
        raise ZeroDivisionError

    desk.raydium.execute = explode_after_landing
    assert isinstance(await desk.advance(placed(), routed(2)), OrderExecuted)


@pytest.mark.parametrize("history", [(placed(), routed(2)), (placed(), routed(2), routed(3))])
async def test_an_order_waits_for_a_venue_that_is_not_here_and_goes_nowhere_else(
    desk, history, caplog
):
    del desk.venues[RAYDIUM]
    assert await desk.advance(*history) is None
    assert [record.why for record in caplog.records] == ["this engine has no venue RAYDIUM"]
    desk.venues[RAYDIUM] = desk.raydium
    assert isinstance(await desk.advance(*history), OrderExecuted | OrderFailed)
    assert desk.meteora.executed == desk.meteora.resolved == []


async def test_a_quote_found_old_is_not_sent(desk):
    desk.now = T0 + QUOTE_TTL + timedelta(seconds=1)
    event = await desk.advance(placed(), routed(2))
    assert isinstance(event, OrderRetryScheduled)
    assert event.reason.code == Code.STALE_QUOTE
    assert desk.raydium.executed == []
    assert desk.raydium.resolved == [f"{ORDER_ID}:1"]


async def test_an_order_that_waits_or_ended_needs_nothing(desk):
    assert await desk.advance(placed(), routed(2), retry_scheduled(3)) is None


async def test_what_a_quarantined_order_had_sent_is_resolved_not_sent_again(desk):
    event = await desk.advance(placed(), routed(2), routed(3))
    assert isinstance(event, OrderFailed)
    assert event.reason.code == Code.QUARANTINED
    assert desk.raydium.executed == []


async def test_a_fault_of_ours_while_routing_is_a_failed_attempt(desk):
    desk.raydium.will_quote(Garbled(RAYDIUM, *[None] * 5))
    event = await desk.advance(placed())
    assert isinstance(event, OrderRetryScheduled)
    assert event.reason.code == Code.INTERNAL


@pytest.mark.parametrize("history", [(placed(), routed(2)), (placed(), routed(2), routed(3))])
async def test_a_fault_of_ours_after_sending_is_resolved_before_the_order_goes_on(desk, history):
    times = iter([RuntimeError("no clock"), None])
    real = desk.process._stamp

    def fails_once():
        if error := next(times, None):
            raise error
        return real()

    desk.process._stamp = fails_once
    event = await desk.advance(*history)
    assert isinstance(event, OrderExecuted | OrderFailed)
    assert f"{ORDER_ID}:1" in desk.raydium.resolved


def test_the_end_of_a_wait_starts_the_next_attempt(desk):
    due = desk.process.begin_retry(replay([placed(), routed(2), retry_scheduled(3)]))
    assert due == retry_due(4, 2, event_id=due.event_id, actor="streams", occurred_at=desk.now)


async def test_what_becomes_of_an_execution_is_decided_with_the_wishes_that_came_meanwhile(desk):
    desk.raydium.will_execute("glitch")
    sent = (placed(), routed(2))
    wanted = replay([*sent, wish(OrderCancelRequested)])
    event = await desk.process.advance(replay(sent), lambda _order: wanted)
    assert isinstance(event, OrderCancelled)
    assert event.causation_id == "wish"


async def test_a_settled_execution_completes_an_order_that_was_to_end(desk):
    sent = (placed(), routed(2))
    wanted = replay([*sent, wish(OrderCancelRequested)])
    event = await desk.process.advance(replay(sent), lambda _order: wanted)
    assert isinstance(event, OrderExecuted)
