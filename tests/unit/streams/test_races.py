"""One order, two workers that both believe it is theirs, and everything that races: one outcome.

What the workers want to append lands in any order, or twice; one dies and another takes over from
the log. Nothing is waited for: each step of a reaction is a step of the story.
"""

import asyncio
from decimal import Decimal
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audit.firing import flaw_of, too_soon
from audit.story import Story
from orders.admission import Record
from orders.events import OrderAmendRejected, OrderAmendRequested, OrderCancelRequested
from orders.fold import replay
from orders.retry import RetryPolicy
from orders.state import Closed, Completed, Open, Placed, Quarantined, Resting, Waiting
from orders.topics import partition_of
from orders.values import Fill, Tick
from orders.wire import decode, encode
from orders.wishes import MOST_AMENDS
from streams.clock import BrokerClock
from streams.market import MarketView
from streams.partition import Partition
from streams.process import OrderProcess
from streams.resting import RestingOrders
from streams.snapshot import Snapshot
from streams.watch import Watch
from tests.support.builders import LIQUIDITY, ORDER_ID, T0, limit, placed, seconds, terms, wish
from tests.support.fakes import FakeVenue

PARTITIONS = 4
NUMBER = partition_of(ORDER_ID, PARTITIONS)
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


class Owner:
    """A worker without tasks: what it has begun goes on when the story says so."""

    def __init__(self, story):
        self.running, self.due, self.probing, self.rejected = [], [], [], []
        clock = BrokerClock(lambda: T0, lambda: story.seconds)
        # As a worker does that takes over: by the records alone its clock would be late.
        clock.saw(seconds(story.seconds))
        ids = (f"{story.new_name()}-{number}" for number in count())
        venues = {story.venue.name: story.venue}
        self.process = OrderProcess(venues, RetryPolicy(), clock, lambda: next(ids))
        resting = RestingOrders(story.market, lambda _: Decimal(1), self, Probes(self.probing))
        self.partition = Partition(PARTITIONS, clock, self, self, resting)
        self.watch = Watch(story.market, {NUMBER: self.partition}, lambda _ids: None)
        self.partition.restore(Snapshot(seconds(story.seconds)))
        for record in story.log:
            self.partition.fold(record)
        self.partition.go_live()

    @property
    def order(self):
        return self.partition.open_orders.get(ORDER_ID)

    def start(self, order):
        self.running.append(order)

    def stop(self, order_id):
        del self.running[-1:]

    def release(self, order_id):
        pass

    def is_running(self, order_id):
        return bool(self.running)

    def put(self, order_id, *, ahead=False):
        if not self.due:
            self.due.append(order_id)

    def present(self, order):
        return self.order if self.order and self.order.version == order.version else order

    def react(self):
        """Bring what was begun first to its end; return its event."""
        if not self.running:
            return None
        order = self.running.pop(0)
        if isinstance(order, Waiting):
            return self.process.begin_retry(order)
        return asyncio.run(self.process.advance(order, self.present))

    def settle(self):
        """Let the order have its turn; return its event."""
        found = self.partition.settling(self.due.pop()) if self.due else None
        event = self.process.settle(*found) if found else None
        if isinstance(event, OrderAmendRejected):
            self.rejected.append(event.causation_id)
        if event:
            with self.partition.under_way.appended(event):
                return event
        return None

    def probe(self):
        order = self.order
        if self.probing and isinstance(order, Resting):
            self.probing.clear()
            self.partition.answered(order, reached=asyncio.run(self.process.is_reached(order)))

    def read(self, log):
        while self.partition.next_offset < len(log):
            self.partition.read(log[self.partition.next_offset])


class Probes:
    def __init__(self, probing):
        self.probing = probing

    def put(self, order_id, *, ahead=False):
        self.probing.append(order_id)


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
