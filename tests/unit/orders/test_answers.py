"""Who asks something of an order gets one answer: the order's end, other terms, or a refusal."""

import pytest

from orders.commands import AnswerOrder, RestOrder, TriggerOrder
from orders.events import (
    OrderAmended,
    OrderAmendRejected,
    OrderAmendRequested,
    OrderCancelRequested,
)
from orders.fold import evolve, replay
from orders.requests import Amend, Crowded
from orders.retry import RetryPolicy
from orders.state import Completed
from orders.wishes import MOST_AMENDS, MOST_CROWDED
from tests.support.builders import (
    LIQUIDITY,
    TICK,
    amended,
    cancelled,
    executed,
    expired,
    failed,
    limit,
    no_quote,
    placed,
    quote,
    reason,
    record_failure,
    rested,
    retry_due,
    retry_scheduled,
    route,
    routed,
    seconds,
    sniper,
    stamp,
    terms,
    triggered,
    wish,
)
from tests.support.spec import Spec

order = Spec(RetryPolicy())
CANCEL = wish(OrderCancelRequested)
ANSWER, REST, TRIGGER = AnswerOrder(stamp()), RestOrder(stamp()), TriggerOrder(TICK, stamp())
LATE = AnswerOrder(stamp(at=seconds(5)))
BEGUN = placed(terms=limit())
AT_REST = (BEGUN, rested(2))
OTHER = limit(target_price="150")


def amend(seen_version=2, new=OTHER, event_id="wish"):
    return wish(OrderAmendRequested, event_id, seen_version=seen_version, terms=new)


def answered(*history):
    [event] = order.given(*history).when(ANSWER).outcome
    return event


@pytest.mark.parametrize(
    ("history", "version", "attempts"),
    [
        ((placed(), CANCEL), 2, 0),
        ((BEGUN, CANCEL), 2, 0),
        ((*AT_REST, CANCEL), 3, 0),
        ((placed(), routed(2), retry_scheduled(3), CANCEL), 4, 1),
        ((placed(), retry_scheduled(2), retry_due(3, 2), CANCEL), 4, 1),
        ((placed(), executed(2), CANCEL), 3, 0),
    ],
)
def test_an_order_of_which_nothing_is_sent_is_cancelled_when_somebody_wants_it(
    history, version, attempts
):
    order.given(*history).when(ANSWER).then(cancelled(version, attempts))


@pytest.mark.parametrize("history", [(placed(), routed(2)), (placed(), routed(2), routed(3))])
def test_nothing_ends_an_order_while_an_execution_may_be_on_its_way(history):
    order.given(*history, CANCEL).when(ANSWER).then_nothing()


def test_a_fill_answers_the_wish_to_cancel():
    done = replay([placed(), routed(2), CANCEL, executed(3)])
    assert isinstance(done, Completed)
    order.given(placed(), routed(2), CANCEL, executed(3)).when(ANSWER).then_nothing()


@pytest.mark.parametrize("code", ["NETWORK", "NO_LIQUIDITY"])
def test_an_execution_that_traded_nothing_lets_the_order_be_cancelled(code):
    order.given(placed(), routed(2), CANCEL).when(record_failure(code)).then(cancelled(3, 1))


def test_an_order_that_somebody_wants_cancelled_is_not_routed():
    order.given(placed(), CANCEL).when(route(quote())).then(cancelled(2))


def test_an_order_expires_when_its_time_is_over_and_not_before():
    history = (placed(terms=terms(expires_at=seconds(5))),)
    order.given(*history).when(ANSWER).then_nothing()
    order.given(*history).when(LATE).then(expired(2, occurred_at=seconds(5)))


def test_an_expiry_waits_for_the_outcome_of_what_was_sent():
    history = (placed(terms=terms(expires_at=seconds(0))), routed(2))
    order.given(*history).when(ANSWER).then_nothing()
    order.given(*history).when(record_failure()).then(expired(3, 1))


def test_a_quarantined_order_does_not_expire():
    order.given(placed(terms=terms(expires_at=seconds(0))), executed(2)).when(ANSWER).then_nothing()


def test_an_order_of_which_nothing_is_asked_stays_as_it_is():
    order.given(*AT_REST).when(ANSWER).then_nothing()


def test_an_order_that_rests_gets_other_terms():
    order.given(*AT_REST, amend()).when(ANSWER).then(amended(3, OTHER))
    resting = replay([*AT_REST, amend(), amended(3, OTHER)])
    assert resting.placement.terms == OTHER
    assert resting.wishes == ()


@pytest.mark.parametrize(
    ("history", "code"),
    [
        ((placed(), amend(1, terms())), "NOT_RESTING"),
        ((*AT_REST, amend(1)), "VERSION_CHANGED"),
        ((*AT_REST, amend(2, limit(token_out="USDT"))), "INVALID_ORDER"),
    ],
)
def test_terms_that_cannot_be_had_are_refused(history, code):
    event = answered(*history)
    assert isinstance(event, OrderAmendRejected)
    assert (event.version, event.causation_id, event.reason.code) == (None, "wish", code)
    assert replay([*history, event]).wishes == ()


def test_the_oldest_wish_is_answered_first_and_a_cancel_before_all():
    wishes = (amend(event_id="one"), amend(event_id="two"))
    assert answered(*AT_REST, *wishes).causation_id == "one"
    assert answered(*AT_REST, *wishes, CANCEL).causation_id == "wish"


def test_of_many_wishes_for_other_terms_only_so_many_may_be_met():
    wishes = [amend(event_id=f"wish-{n}") for n in range(MOST_AMENDS + 2)]
    kept = replay([*AT_REST, *wishes, wishes[-1]]).wishes
    assert [one.wish_id for one in kept] == [one.event_id for one in wishes]
    assert [type(one) for one in kept] == [Amend] * MOST_AMENDS + [Crowded] * 2


def test_each_of_many_wishes_is_answered_in_its_turn_those_without_room_by_a_refusal():
    history = [*AT_REST, *(amend(event_id=f"wish-{n}") for n in range(MOST_AMENDS + 2))]
    for _ in range(3):
        history.append(answered(*history))
    history.append(amend(event_id="late"))
    while replay(history).wishes:
        history.append(answered(*history))
    told = [
        (event.causation_id, event.reason.code if event.version is None else "met")
        for event in history[len(AT_REST) :]
        if event.type != "OrderAmendRequested"
    ]
    assert told == [
        ("wish-0", "met"),
        *((f"wish-{n}", "VERSION_CHANGED") for n in range(1, MOST_AMENDS)),
        *((f"wish-{n}", "TOO_MANY_WISHES") for n in (MOST_AMENDS, MOST_AMENDS + 1)),
        ("late", "VERSION_CHANGED"),
    ]


def test_of_wishes_without_room_so_many_are_kept_as_nobody_can_ask_at_once():
    most = MOST_AMENDS + MOST_CROWDED
    order = replay([*AT_REST, *(amend(event_id=f"wish-{n}") for n in range(most))])
    assert len(order.wishes) == most
    assert evolve(order, amend(event_id="one more")) is order


def test_a_wish_to_end_comes_before_those_without_room():
    wishes = [amend(event_id=f"wish-{n}") for n in range(MOST_AMENDS + 2)]
    assert answered(*AT_REST, *wishes, CANCEL).type == "OrderCancelled"


@pytest.mark.parametrize("again", [CANCEL, amend()])
def test_a_wish_that_comes_twice_changes_nothing(again):
    before = replay([*AT_REST, CANCEL, amend()])
    assert evolve(before, again) is before


def test_a_refusal_of_what_nobody_wants_changes_nothing():
    before = replay(AT_REST)
    refusal = wish(OrderAmendRejected, causation_id="nobody's", reason=reason())
    assert evolve(before, refusal) is before


@pytest.mark.parametrize("history", [(), (placed(), failed(2))])
def test_a_wish_about_an_order_that_is_not_open_changes_nothing(history):
    before = replay(history)
    assert evolve(before, CANCEL) is before


def test_an_order_that_waits_for_the_market_rests():
    order.given(BEGUN).when(REST).then(rested(2))
    order.given(*AT_REST).when(REST).then_nothing()


@pytest.mark.parametrize("history", [(BEGUN,), AT_REST])
def test_a_limit_order_fires_on_a_tick(history):
    order.given(*history).when(TRIGGER).then(triggered(len(history) + 1))
    order.given(*history).when(TriggerOrder(LIQUIDITY, stamp())).then_nothing()


def test_a_sniper_order_fires_on_a_pool():
    begun = placed(terms=sniper())
    order.given(begun).when(TriggerOrder(LIQUIDITY, stamp())).then(triggered(2, LIQUIDITY))
    order.given(begun).when(TRIGGER).then_nothing()


def test_quotes_below_the_target_send_a_limit_order_back_to_rest():
    short = order.given(*AT_REST, triggered(3)).when(route(quote(1511))).outcome[0]
    assert (short.type, short.rests, short.reason.code) == ("OrderRested", 2, "PRICE_NOT_REACHED")
    assert short.delay.total_seconds() == 1


def test_a_limit_order_never_takes_less_than_its_target_gives():
    sent = order.given(BEGUN, triggered(2)).when(route(quote(1513))).outcome[0]
    assert sent.min_amount_out == 1512


def test_a_chain_that_refuses_the_price_sends_a_limit_order_back_to_rest():
    history = (*AT_REST, triggered(3), routed(4))
    [short] = order.given(*history).when(record_failure("SLIPPAGE_EXCEEDED")).outcome
    assert short == rested(5, 2, reason=reason("SLIPPAGE_EXCEEDED"), delay=short.delay)


@pytest.mark.parametrize("command", [route(quote(1)), route(no_quote("NETWORK"))])
def test_an_order_of_one_attempt_fails_with_it(command):
    history = (placed(terms=limit(time_in_force="IOC")), triggered(2))
    [event] = order.given(*history).when(command).outcome
    assert (event.type, event.attempts) == ("OrderFailed", 1)


def test_an_amended_order_fires_on_any_tick_again():
    history = (*AT_REST, triggered(3), rested(4, 2), amend(4))
    assert isinstance(answered(*history), OrderAmended)
    assert replay([*history, amended(5, OTHER)]).fired_at is None
