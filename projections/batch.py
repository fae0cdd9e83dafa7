"""What a run of records does to the tables: rule 2 of the design, applied. No I/O here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from orders.admission import NotAdmitted, Record
from orders.events import AnyOrderEvent
from orders.fold import evolve
from orders.state import UNPLACED, Closed, Order, Quarantined, Status, Unplaced, status
from projections.counts import Counts
from projections.history import EventRow, event_row
from projections.labels import LabelRow, label_rows
from projections.orders import OrderChange, OrderRow, order_change, order_row


class Reading(NamedTuple):
    """A record and what admission said of it."""

    record: Record
    verdict: AnyOrderEvent | NotAdmitted


class Known(NamedTuple):
    """An order as the fold holds it, where its placement stands, and the status its row tells.

    `order` is None once it is closed and its row is written: nothing changes it any more.
    """

    order: Order | None
    placed_offset: int = -1
    status: Status | None = None


NEVER_SEEN = Known(UNPLACED)
CLOSED = Known(None)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a run of records writes: nothing in it for those not admitted."""

    events: list[EventRow] = field(default_factory=list)
    new: list[OrderRow] = field(default_factory=list)
    changed: list[OrderChange] = field(default_factory=list)
    labels: list[LabelRow] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    touched: dict[str, Known] = field(default_factory=dict)
    ended: list[int] = field(default_factory=list)
    """The partition of each order that needs nothing more."""
    quarantined: list[Quarantined] = field(default_factory=list)


class Hole(Exception):
    """Records are missing from the log: every reader must stop, for the truth is not whole."""


def unread(records: Iterable[Record], next_offsets: Mapping[int, int]) -> list[Record]:
    """Return the records not read before; raise `Hole` when one is missing before another."""
    following = dict(next_offsets)
    fresh = []
    for record in records:
        expected = following[record.partition]
        if record.offset > expected:
            raise Hole(
                f"partition {record.partition} goes on at offset {record.offset}, "
                f"the records from {expected} on are missing"
            )
        if record.offset == expected:
            following[record.partition] = expected + 1
            fresh.append(record)
    return fresh


def after(records: Iterable[Record], next_offsets: Mapping[int, int]) -> dict[int, int]:
    """Return the offsets to read next once these records are read, in sequence."""
    return {**next_offsets, **{record.partition: record.offset + 1 for record in records}}


def project(readings: Sequence[Reading], known: Mapping[str, Known], seqs: Iterable[int]) -> Batch:
    """Return the rows of these records; `seqs` are the numbers of those admitted, in sequence."""
    batch, numbers = Batch(), iter(seqs)
    changed: dict[str, int] = {}
    for reading in readings:
        record, event = reading.record, reading.verdict
        if isinstance(event, NotAdmitted):
            continue
        before = batch.touched.get(event.order_id) or known.get(event.order_id, NEVER_SEEN)
        now = _advanced(before, event, record.offset)
        seq = next(numbers)
        batch.events.append(event_row(seq, record, event, superseded=_lost(event, before, now)))
        batch.touched[event.order_id] = now
        if now is not before:
            changed[event.order_id] = record.partition
            _watch(before, now, batch)
    for order_id, partition in changed.items():
        _write(batch, order_id, partition)
    return batch


def _advanced(known: Known, event: AnyOrderEvent, offset: int) -> Known:
    if known.order is None:
        return known
    order = evolve(known.order, event)
    if order is known.order:
        return known
    placed_offset = offset if isinstance(known.order, Unplaced) else known.placed_offset
    return Known(order, placed_offset, known.status)


def _lost(event: AnyOrderEvent, before: Known, now: Known) -> bool:
    # A wish has no version that another could have won.
    return now is before and event.version is not None


def _watch(before: Known, now: Known, batch: Batch) -> None:
    if isinstance(now.order, Quarantined) and not isinstance(before.order, Quarantined):
        batch.quarantined.append(now.order)


def _write(batch: Batch, order_id: str, partition: int) -> None:
    order, placed_offset, before = batch.touched[order_id]
    if order is None or isinstance(order, Unplaced):
        return
    now = status(order)
    if before is None:
        row = order_row(order, partition, placed_offset)
        batch.new.append(row)
        batch.labels.extend(label_rows(row))
        batch.counts.add(row)
    else:
        batch.changed.append(order_change(order))
        batch.counts.move(before, now)
    if isinstance(order, Closed):
        batch.ended.append(partition)
        batch.touched[order_id] = CLOSED
    else:
        batch.touched[order_id] = Known(order, placed_offset, now)
