"""General laws of the domain: any commands, in any order, as often as Kafka likes."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orders.commands import (
    AnswerOrder,
    BeginRetry,
    RecordFailure,
    RestOrder,
    RouteOrder,
    TriggerOrder,
)
from orders.decider import decide
from orders.errors import FATAL
from orders.events import (
    FailedQuote,
    OrderAmended,
    OrderAmendRejected,
    OrderAmendRequested,
    OrderCancelled,
    OrderCancelRequested,
    OrderEvent,
    OrderExecuted,
    OrderExpired,
    OrderFailed,
    OrderPlaced,
    OrderRouted,
)
from orders.fold import evolve, replay
from orders.retry import RetryPolicy
from orders.state import UNPLACED, Closed, Open, Order, Quarantined, Routed, Waiting
from orders.wire import decode, decode_order, encode, encode_order
from orders.wishes import MOST_AMENDS
from tests.support.builders import (
    LIQUIDITY,
    METEORA,
    RAYDIUM,
    T0,
    TICK,
    place,
    reason,
    record_failure,
    record_fill,
    seconds,
    stamp,
    terms,
    wish,
)
from tests.support.drawn import CODES, QUOTES

FAILED_QUOTES = st.builds(
    lambda venue, code: FailedQuote(venue=venue, reason=reason(code)),
    st.sampled_from([RAYDIUM, METEORA]),
    CODES,
)
POLICIES = st.lists(st.integers(1, 60), max_size=4).map(
    lambda delays: RetryPolicy(tuple(timedelta(seconds=delay) for delay in delays))
)
LATE = seconds(100)
MOMENTS = st.sampled_from([T0, LATE])
ENDS = (OrderExecuted, OrderFailed, OrderCancelled, OrderExpired)
TERMS = st.builds(
    terms,
    order_type=st.sampled_from(["market", "sniper"]),
    time_in_force=st.sampled_from(["GTC", "IOC"]),
    expires_at=st.sampled_from([None, seconds(60)]),
) | st.builds(
    terms,
    order_type=st.just("limit"),
    target_price=st.sampled_from([Decimal(1), Decimal(10) ** 13]),
    time_in_force=st.sampled_from(["GTC", "GTC", "IOC"]),
    expires_at=st.sampled_from([None, seconds(60)]),
)


class OrderLife(RuleBasedStateMachine):
    """One order, whatever happens to it."""

    @initialize(policy=POLICIES, agreed=TERMS)
    def start(self, policy, agreed):
        self.policy = policy
        self.history = []
        self.order: Order = UNPLACED
        self.asked = 0
        self.send(place(terms=agreed))

    def send(self, command):
        event = decide(command, self.order, self.policy)
        if event is not None:
            self.tell(event)
        return event

    def tell(self, event):
        self.order = evolve(self.order, event)
        self.history.append(event)

    def ask(self, kind, **about):
        self.asked += 1
        self.tell(wish(kind, f"wish-{self.asked}", **about))

    @rule(quotes=st.lists(QUOTES, max_size=2), failed=st.lists(FAILED_QUOTES, max_size=2))
    def route(self, quotes, failed):
        self.send(RouteOrder(tuple(quotes), tuple(failed), stamp()))

    @rule()
    def fill(self):
        self.send(record_fill())

    @rule(code=CODES, at=MOMENTS)
    def venue_fails(self, code, at):
        self.send(RecordFailure(reason(code), stamp(at)))

    @rule()
    def the_delay_is_over(self):
        self.send(BeginRetry(stamp()))

    @rule()
    def it_rests(self):
        self.send(RestOrder(stamp()))

    @rule(seen=st.sampled_from([TICK, LIQUIDITY]))
    def the_market_moves(self, seen):
        self.send(TriggerOrder(seen, stamp()))

    @rule()
    def somebody_wants_it_to_end(self):
        self.ask(OrderCancelRequested)

    @rule(behind=st.integers(0, 2), agreed=TERMS)
    def somebody_wants_other_terms(self, behind, agreed):
        seen = max(1, self.order.version - behind)
        self.ask(OrderAmendRequested, seen_version=seen, terms=agreed)

    @rule(agreed=TERMS)
    def many_want_other_terms(self, agreed):
        for _ in range(MOST_AMENDS + 1):
            self.ask(OrderAmendRequested, seen_version=self.order.version, terms=agreed)

    @rule(at=MOMENTS)
    def it_answers(self, at):
        before = self.order
        event = self.send(AnswerOrder(stamp(at)))
        assert not isinstance(before, Routed) or isinstance(event, OrderAmendRejected | None)

    @rule(data=st.data())
    def a_record_comes_again(self, data):
        event = data.draw(st.sampled_from(self.history))
        if isinstance(event, OrderEvent):
            assert evolve(self.order, event) is self.order

    @precondition(lambda self: isinstance(self.order, Closed))
    @rule(code=CODES)
    def the_end_is_the_end(self, code):
        before = list(self.history)
        for command in (
            *(place(), record_fill(), record_failure(code), BeginRetry(stamp())),
            *(RestOrder(stamp()), TriggerOrder(TICK, stamp()), AnswerOrder(stamp(LATE))),
        ):
            self.send(command)
        assert self.history == before
        closed = self.order
        self.ask(OrderCancelRequested)
        assert self.order is closed

    @invariant()
    def what_decide_says_evolve_accepts(self):
        assert not isinstance(self.order, Quarantined)

    @invariant()
    def the_history_rebuilds_the_order(self):
        assert replay(decode(encode(event)) for event in self.history) == self.order

    @invariant()
    def the_stored_state_goes_on_as_the_order(self):
        if isinstance(self.order, Open):
            assert decode_order(encode_order(self.order)) == self.order

    @invariant()
    def attempts_never_exceed_the_policy(self):
        assert getattr(self.order, "attempts", 0) <= len(self.policy.delays) + 1

    @invariant()
    def it_is_executed_once_and_after_it_was_routed(self):
        kinds = [type(event) for event in self.history if isinstance(event, OrderEvent)]
        assert kinds.count(OrderExecuted) <= 1
        if OrderExecuted in kinds:
            assert kinds[kinds.index(OrderExecuted) - 1] is OrderRouted

    @invariant()
    def every_execution_has_an_id_of_its_own(self):
        ids = [event.execution_id for event in self.history if isinstance(event, OrderRouted)]
        assert len(ids) == len(set(ids))

    @invariant()
    def a_limit_order_never_takes_less_than_its_price(self):
        agreed = None
        for event in self.history:
            agreed = getattr(event, "terms", None) if is_agreed(event) else agreed
            if isinstance(event, OrderRouted):
                assert event.min_amount_out >= agreed.least_out

    @invariant()
    def only_what_may_pass_waits(self):
        if isinstance(self.order, Waiting):
            assert self.order.reason.code not in FATAL
            assert self.order.placement.terms.time_in_force == "GTC"

    @invariant()
    def it_ends_once_and_as_it_was_asked(self):
        ends = [event for event in self.history if isinstance(event, ENDS)]
        assert bool(ends) == isinstance(self.order, Closed)
        assert len(ends) <= 1
        for event in ends:
            if isinstance(event, OrderCancelled):
                assert event.causation_id == self.first_wish_to_end()

    @invariant()
    def a_wish_is_answered_once(self):
        answers = (OrderAmended, OrderAmendRejected)
        answered = [event.causation_id for event in self.history if isinstance(event, answers)]
        assert len(answered) == len(set(answered))

    def teardown(self):
        """Let it answer: of an order that is not closed nothing stays asked."""
        if not hasattr(self, "order"):
            return
        for _ in range(self.asked):
            self.send(AnswerOrder(stamp()))
        self.a_wish_is_answered_once()
        if isinstance(self.order, Open):
            assert self.order.unanswered is None

    def first_wish_to_end(self):
        wishes = (event for event in self.history if isinstance(event, OrderCancelRequested))
        return next(wishes).event_id


def is_agreed(event):
    return isinstance(event, OrderPlaced | OrderAmended)


TestOrderLife = OrderLife.TestCase
TestOrderLife.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
