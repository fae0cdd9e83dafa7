"""Orders that rest, are cancelled, amended or expire, by real workers on a real log and chain."""

import asyncio
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from orders.events import (
    OrderAmended,
    OrderAmendRejected,
    OrderAmendRequested,
    OrderCancelled,
    OrderCancelRequested,
    OrderExecuted,
    OrderExpired,
    OrderPlaced,
    OrderRested,
)
from orders.state import Cancelled, Completed, Expired, Resting, Routed
from tests.support.builders import limit, terms, wish
from tests.support.log import eventually, placements

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


def cancels(orders):
    return [asked(OrderCancelRequested, order) for order in orders]


def asked(kind, order, **about):
    made = wish(kind, uuid4().hex, **about)
    return replace(made, order_id=order.order_id, actor="api")


async def all_are(log, state):
    orders = (await log.orders()).values()
    return orders and all(isinstance(order, state) for order in orders)


async def test_orders_at_rest_wait_and_end_when_that_is_wanted(run, log):
    run("worker")
    resting = placements(20, terms=limit(10_000))
    await log.append(*resting)
    await eventually(lambda: all_are(log, Resting))
    await log.append(*cancels(resting), *cancels(resting))
    await eventually(lambda: all_are(log, Cancelled))
    kinds = Counter(type(event) for event in await log.events())
    assert kinds == {
        OrderPlaced: 20,
        OrderRested: 20,
        OrderCancelRequested: 40,
        OrderCancelled: 20,
    }


async def test_an_order_at_rest_takes_the_terms_it_was_seen_without(run, log):
    run("worker")
    [order] = placements(1, terms=limit(10_000))
    await log.append(order)
    await eventually(lambda: all_are(log, Resting))
    better = asked(OrderAmendRequested, order, seen_version=2, terms=limit(10_001))
    stale = asked(OrderAmendRequested, order, seen_version=2, terms=limit(10_002))
    await log.append(better, stale)

    async def answered():
        events = await log.events()
        kinds = (OrderAmended, OrderAmendRejected)
        answers = {event.causation_id: type(event) for event in events if isinstance(event, kinds)}
        return answers if len(answers) == 2 else None

    assert await eventually(answered) == {
        better.event_id: OrderAmended,
        stale.event_id: OrderAmendRejected,
    }
    [found] = (await log.orders()).values()
    assert found.placement.terms == limit(10_001)


async def test_what_was_sent_completes_though_somebody_wants_it_to_end(run, log):
    run("worker", ENGINE_EXECUTE_LATENCY_MS="1500")
    orders = placements(10)
    await log.append(*orders)
    await eventually(lambda: all_are(log, Routed))
    await log.append(*cancels(orders))
    await eventually(lambda: all_are(log, Completed))
    assert Counter(type(event) for event in await log.events())[OrderExecuted] == 10


async def test_what_was_sent_and_traded_nothing_ends_as_somebody_wants(run, log):
    run("worker", ENGINE_EXECUTE_LATENCY_MS="1000")
    orders = placements(10, terms=terms(faults=["glitch"]))
    await log.append(*orders)
    await eventually(lambda: all_are(log, Routed))
    await log.append(*cancels(orders))
    await eventually(lambda: all_are(log, Cancelled))
    assert len(await log.events()) == 40


async def test_orders_expire_within_a_second_also_when_their_worker_died(run, log):
    first = run("worker")
    expires_at = datetime.now(UTC) + timedelta(seconds=25)
    resting = placements(20, terms=limit(10_000, expires_at=expires_at))
    await log.append(*resting)
    await eventually(lambda: all_are(log, Resting))
    first.send_signal(signal.SIGKILL)
    await asyncio.to_thread(first.wait)
    run("worker")
    await eventually(lambda: all_are(log, Expired), 60)
    late = [
        event.occurred_at - expires_at
        for event in await log.events()
        if isinstance(event, OrderExpired)
    ]
    assert timedelta() <= min(late)
    assert max(late) < timedelta(seconds=1)


async def test_wishes_that_came_while_no_worker_ran_are_answered(run, log):
    resting = placements(20, terms=limit(10_000))
    market = placements(5)
    await log.append(*resting, *market, *cancels([*resting, *market]))
    run("worker")
    await eventually(lambda: all_are(log, Cancelled))
    kinds = Counter(type(event) for event in await log.events())
    assert kinds[OrderCancelled] == 25
    assert kinds[OrderExecuted] == 0


async def test_each_of_a_crowd_of_wishes_is_answered_by_name(run, log):
    run("worker")
    [order] = placements(1, terms=limit(10_000))
    await log.append(order)
    await eventually(lambda: all_are(log, Resting))
    crowd = [
        asked(OrderAmendRequested, order, seen_version=2, terms=limit(10_001 + n))
        for n in range(40)
    ]
    await log.append(*crowd)

    async def answered():
        kinds = (OrderAmended, OrderAmendRejected)
        answers = [event for event in await log.events() if isinstance(event, kinds)]
        return answers if len({one.causation_id for one in answers}) == len(crowd) else None

    answers = await eventually(answered)
    assert [one.causation_id for one in answers] == [one.event_id for one in crowd]
    [found] = (await log.orders()).values()
    assert found.placement.terms == limit(10_001)
    assert found.wishes == ()
