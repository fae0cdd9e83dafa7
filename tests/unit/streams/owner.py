"""A worker as a story of races needs it: it does nothing but what it is told to."""

import asyncio
from decimal import Decimal
from itertools import count

from orders.events import OrderAmendRejected
from orders.retry import RetryPolicy
from orders.state import Resting, Waiting
from orders.topics import partition_of
from streams.clock import BrokerClock
from streams.partition import Partition
from streams.process import OrderProcess
from streams.resting import RestingOrders
from streams.snapshot import Snapshot
from streams.watch import Watch
from tests.support.builders import ORDER_ID, T0, seconds

PARTITIONS = 4
NUMBER = partition_of(ORDER_ID, PARTITIONS)


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
        self.watch = Watch(story.market, {NUMBER: self.partition}, lambda _orders: None)
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
