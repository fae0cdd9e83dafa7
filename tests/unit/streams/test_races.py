"""One order, two workers that both believe it is theirs, and everything that races: one outcome.

What the workers want to append lands in any order, or twice; one dies and another takes over from
the log. Nothing is waited for: each step of a reaction is a step of the story.
"""

from decimal import Decimal
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audit.firing import flaw_of, too_soon
from audit.story import Story
from orders.admission import Record
from orders.events import OrderAmendRequested, OrderCancelRequested
from orders.fold import replay
from orders.state import Closed, Completed, Open, Placed, Quarantined, Resting
from orders.values import Fill, Tick
from orders.wire import decode, encode
from orders.wishes import MOST_AMENDS
from streams.market import MarketView
from tests.support.builders import LIQUIDITY, ORDER_ID, limit, placed, seconds, terms, wish
from tests.support.fakes import FakeVenue
from tests.unit.streams.owner import NUMBER, Owner

TERMS = st.sampled_from(
    [
        terms(expires_at=seconds(60)),
        terms(time_in_force="IOC"),
        limit(150, expires_at=seconds(60)),
        limit(150),
        limit(150, time_in_force="IOC"),
        terms(order_type="sniper"),
    ]
)
PRICES = st.sampled_from([Decimal(149), Decimal(150), Decimal(151)])
FAULTS = st.sampled_from([None, "glitch", "lost-answer", "price-moved"])
WHO = st.integers(0, 1)


class Races(RuleBasedStateMachine):
    @initialize(agreed=TERMS)
    def start(self, agreed):
        self.seconds, self.crowded = 0.0, False
        self.names = count()
        self.log, self.flying = [], []
        self.venue = FakeVenue()
        self.market = MarketView(lambda: False)
        self.land(placed(terms=agreed))
        self.owners = [Owner(self), Owner(self)]

    def new_name(self):
        return f"id-{next(self.names)}"

    def land(self, event):
        value = encode(event)
        self.log.append(
            Record(NUMBER, len(self.log), ORDER_ID.encode(), value, seconds(self.seconds))
        )

    @property
    def order(self):
        return replay(decode(record.value) for record in self.log)

    def fly(self, event):
        if event is not None:
            self.flying.append(event)

    @rule(who=WHO)
    def one_reads(self, who):
        self.owners[who].read(self.log)

    @rule(who=WHO, fault=FAULTS)
    def a_reaction_ends(self, who, fault):
        self.venue._executions.clear()
        self.venue.will_execute(fault)
        self.fly(self.owners[who].react())

    @rule(who=WHO)
    def the_order_has_its_turn(self, who):
        self.fly(self.owners[who].settle())

    @rule(who=WHO)
    def the_venues_are_asked(self, who):
        self.owners[who].probe()

    @rule(place=st.integers(0, 3), again=st.booleans())
    def an_event_lands(self, place, again):
        if place < len(self.flying):
            self.land(self.flying[place])
            if not again:
                del self.flying[place]

    @rule(price=PRICES, quoted=PRICES)
    def the_price_moves(self, price, quoted):
        self.venue.price = quoted
        tick = Tick(pair="SOL/USDC", price=price, at=seconds(self.seconds))
        for owner in self.owners:
            owner.watch.tick(tick)

    @rule()
    def a_pool_appears(self):
        for owner in self.owners:
            owner.watch.liquidity(LIQUIDITY)

    @rule()
    def somebody_wants_it_to_end(self):
        self.land(wish(OrderCancelRequested, self.new_name()))

    @rule(price=PRICES, behind=st.integers(0, 1))
    def somebody_wants_other_terms(self, price, behind):
        seen = max(1, self.order.version - behind)
        other = limit(price, expires_at=seconds(90))
        asked = wish(OrderAmendRequested, self.new_name(), seen_version=seen, terms=other)
        self.land(asked)

    @precondition(lambda self: not self.crowded)
    @rule()
    def many_want_other_terms_at_once(self):
        self.crowded = True
        for price in range(150, 150 + MOST_AMENDS + 2):
            self.somebody_wants_other_terms(price=Decimal(price), behind=0)

    @rule(passed=st.sampled_from([0.5, 20]))
    def time_goes_by(self, passed):
        self.seconds += passed
        for owner in self.owners:
            owner.partition.end_what_is_over()

    @rule(who=WHO)
    def one_dies_and_another_takes_over(self, who):
        self.owners[who] = Owner(self)

    @invariant()
    def the_log_makes_sense(self):
        assert not isinstance(self.order, Quarantined)

    @invariant()
    def it_is_executed_at_most_once_and_told_so(self):
        fills = [one for one in self.venue.ledger.values() if isinstance(one, Fill)]
        assert len(fills) <= 1
        if isinstance(self.order, Closed):
            assert len(fills) == isinstance(self.order, Completed)

    @invariant()
    def nobody_rejects_a_wish_twice(self):
        for owner in getattr(self, "owners", ()):
            assert len(owner.rejected) == len(set(owner.rejected))

    def what_was_not_due(self):
        """Return what the audit has against the moments at which the order fired and ended."""
        told, flaws = None, []
        for record in self.log:
            event, at = decode(record.value), record.appended_at
            if told is None:
                told = Story(event, 0, at)
                continue
            early = too_soon(event, told.terms, told.rest)
            if not told.hear(event, at):
                flaws.append(early or flaw_of(event, told.terms, told.fired_at, at))
        return [flaw for flaw in flaws if flaw]

    def teardown(self):
        """Let all that is under way come to its end: nothing that was asked is left open."""
        if not hasattr(self, "owners"):
            return
        for _ in range(100):
            for event in self.flying:
                self.land(event)
            self.flying.clear()
            for owner in self.owners:
                owner.read(self.log)
                self.fly(owner.settle())
                self.fly(owner.react())
        order = self.order
        self.it_is_executed_at_most_once_and_told_so()
        assert self.what_was_not_due() == []
        assert isinstance(order, Placed)
        if isinstance(order, Open):
            assert order.wishes == ()
            assert not order.placement.terms.expired(seconds(self.seconds))
            assert isinstance(order, Resting)


TestRaces = Races.TestCase
TestRaces.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
