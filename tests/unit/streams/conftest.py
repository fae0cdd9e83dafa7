"""A partition with nobody behind its reactions, a process with fake venues; hands set the clock."""

from decimal import Decimal
from itertools import count

import pytest

from orders.admission import Record
from orders.fold import replay
from orders.retry import RetryPolicy
from orders.topics import partition_of
from orders.wire import encode
from streams.clock import BrokerClock
from streams.market import Hearing, MarketView
from streams.partition import Partition
from streams.process import OrderProcess
from streams.resting import RestingOrders
from streams.watch import Watch
from tests.support.builders import METEORA, ORDER_ID, RAYDIUM, T0
from tests.support.fakes import FakeVenue

PARTITIONS = 4


class Recorder:
    """Stands where the reactions and the lane stand and notes what they were asked."""

    def __init__(self):
        self.started = []
        self.released = []
        self.cancelled = []
        self.settled = []
        self.stopped = []
        self.expected = []
        self.busy = False

    def start(self, order):
        self.started.append((type(order).__name__, order.version))

    def put(self, order_id, *, ahead=False):
        self.settled.append(order_id)

    def expect(self, orders):
        self.expected.append([order.placement.order_id for order in orders])

    def stop(self, order_id):
        self.stopped.append(order_id)

    def release(self, order_id):
        self.released.append(order_id)

    def is_running(self, order_id):
        return self.busy

    async def cancel(self, order_ids):
        self.cancelled.extend(order_ids)


class Bench:
    def __init__(self, local=T0):
        self.seconds = 0.0
        self.reactions, self.lane = Recorder(), Recorder()
        self.clock = BrokerClock(lambda: local, lambda: self.seconds)
        self.probes = Recorder()
        self.hearing = Hearing(lambda: self.seconds)
        self.market = MarketView(self.hearing.is_silent)
        self.share = Decimal(1)
        resting = RestingOrders(self.market, lambda terms: self.share, self.lane, self.probes)
        self.partition = Partition(PARTITIONS, self.clock, self.reactions, self.lane, resting)
        self.watch = Watch(self.market, {0: self.partition}, self.reactions.expect)

    def record(self, offset, event, at=T0):
        number = partition_of(event.order_id, PARTITIONS)
        return Record(number, offset, event.order_id.encode(), encode(event), at)

    def read(self, *events, first=0):
        """Let events arrive live, from this offset on."""
        return [
            self.partition.read(self.record(first + place, event))
            for place, event in enumerate(events)
        ]

    def seen(self, order_id=ORDER_ID):
        """Return what the order fires on, if it does."""
        return self.partition.resting.seen.get(order_id)


@pytest.fixture
def deaf():
    return Bench()


@pytest.fixture
def live(deaf):
    deaf.partition.go_live()
    return deaf


class Desk:
    """A process with two venues and a clock that stands still."""

    def __init__(self):
        self.now = T0
        self.raydium, self.meteora = FakeVenue(RAYDIUM), FakeVenue(METEORA)
        self.venues = {venue.name: venue for venue in (self.raydium, self.meteora)}
        ids = count()
        self.process = OrderProcess(
            self.venues, RetryPolicy(), lambda: self.now, lambda: f"id-{next(ids)}"
        )

    async def advance(self, *history):
        return await self.process.advance(replay(history))


@pytest.fixture
def desk():
    return Desk()
