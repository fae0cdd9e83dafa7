"""One fold: after any record of any log, workers and projector hold the same orders."""

from collections import Counter
from decimal import Decimal
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from orders.admission import Record, admit
from orders.wire import decode_order
from projections.batch import Known, Reading, project
from projections.orders import CHANGING
from streams.clock import BrokerClock
from streams.market import MarketView
from streams.partition import Partition
from streams.resting import RestingOrders
from streams.snapshot import CLOSED_KEPT, Snapshot
from tests.support.builders import T0
from tests.support.falsified import PARTITIONS, stories


class Deaf:
    """Stands where the reactions and the lane stand and does nothing."""

    def start(self, order):
        pass

    def stop(self, order_id):
        pass

    def put(self, order_id, *, ahead=False):
        pass

    def release(self, order_id):
        pass

    def is_running(self, order_id):
        return False


class Tables:
    """What the projector keeps, without a database: rows, numbers, and how far it is."""

    def __init__(self):
        self.rows = {}
        self.known = {}
        self.next_offsets = Counter()
        self.appended_at = {}
        self.head = 0

    def read(self, *records: Record) -> None:
        readings = [Reading(record, admit(record, PARTITIONS)) for record in records]
        batch = project(readings, self.known, count(self.head + 1))
        self.head += len(batch.events)
        self.next_offsets.update(record.partition for record in records)
        self.appended_at |= {event.partition: event.appended_at for event in batch.events}
        self.rows |= {row.order_id: row for row in batch.new}
        for *change, order_id in batch.changed:
            changed = dict(zip(CHANGING, change, strict=True))
            self.rows[order_id] = self.rows[order_id]._replace(**changed)
        for order_id in batch.touched.keys() & self.rows.keys():
            row = self.rows[order_id]
            order = decode_order(row.state) if row.state else None
            self.known[order_id] = Known(order, row.placed_offset, row.status)

    def open_orders(self, partition: int) -> dict:
        return {
            order_id: known.order
            for order_id, known in self.known.items()
            if known.order and self.rows[order_id].partition == partition
        }

    def snapshot(self, partition: int) -> Snapshot:
        """Return what a worker that takes the partition over would be given."""
        closed = [
            (row.not_after, order_id)
            for order_id, row in self.rows.items()
            if row.partition == partition and not row.state
        ]
        since = self.appended_at.get(partition, T0) - CLOSED_KEPT
        return Snapshot(
            T0,
            next_offset=self.next_offsets[partition],
            open=self.open_orders(partition),
            closed={order_id: until for until, order_id in sorted(closed) if until >= since},
        )


def worker(snapshot: Snapshot | None = None) -> Partition:
    resting = RestingOrders(MarketView(lambda: True), lambda terms: Decimal(1), Deaf(), Deaf())
    clock = BrokerClock(lambda: T0, lambda: 0.0)
    partition = Partition(PARTITIONS, clock, Deaf(), Deaf(), resting)
    if snapshot:
        partition.restore(snapshot)
    return partition


def assert_same_orders(partition: Partition, tables: Tables, number: int) -> None:
    held = dict(partition.open_orders)
    for order_id, offset in partition.unconfirmed.items():
        # The projection names the first placement; a later one is a repeat, soon forgotten.
        if tables.rows[order_id].placed_offset < offset:
            del held[order_id]
    assert held == tables.open_orders(number)


def confirm(partition: Partition, tables: Tables) -> None:
    for order_id in list(partition.unconfirmed):
        partition.confirm(order_id, tables.rows[order_id].placed_offset)


TURNS = st.lists(st.sampled_from(["confirm", "take over", "go on", "go on"]), max_size=30)


@settings(max_examples=150, deadline=None)
@given(records=stories(), turns=TURNS, live=st.booleans())
def test_workers_and_projector_hold_the_same_orders_after_any_record(records, turns, live):
    tables = Tables()
    partitions = [worker() for _ in range(PARTITIONS)]
    for partition in partitions if live else ():
        partition.go_live()
    for place, record in enumerate(records):
        tables.read(record)
        partitions[record.partition].fold(record)
        for number, partition in enumerate(partitions):
            assert_same_orders(partition, tables, number)
        turn = turns[place % len(turns)] if turns else "go on"
        if turn == "confirm":
            confirm(partitions[record.partition], tables)
        elif turn == "take over":
            partitions[record.partition] = worker(tables.snapshot(record.partition))


@settings(max_examples=60, deadline=None)
@given(records=stories(), data=st.data())
def test_a_worker_that_starts_from_any_row_of_the_tables_holds_what_all_hold(records, data):
    """The projector lags behind: what it holds, and the rest of the log, make the same orders."""
    tables, behind = Tables(), Tables()
    lag = data.draw(st.integers(0, len(records)))
    for record in records:
        tables.read(record)
    for record in records[:lag]:
        behind.read(record)
    for number in range(PARTITIONS):
        partition = worker(behind.snapshot(number))
        for record in records[lag:]:
            if record.partition == number:
                partition.fold(record)
        assert_same_orders(partition, tables, number)


@settings(max_examples=60, deadline=None)
@given(records=stories(), sizes=st.lists(st.integers(1, 7), min_size=1))
def test_the_tables_are_the_same_however_the_log_is_cut(records, sizes):
    one_by_one, in_runs = Tables(), Tables()
    for record in records:
        one_by_one.read(record)
    begin = 0
    while begin < len(records):
        size = sizes[begin % len(sizes)]
        in_runs.read(*records[begin : begin + size])
        begin += size
    assert in_runs.rows == one_by_one.rows
    assert in_runs.head == one_by_one.head
