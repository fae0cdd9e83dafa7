"""The table `order_events`: one row a record that was admitted. No I/O here."""

from datetime import datetime
from typing import NamedTuple

from orders.admission import Record
from orders.events import AnyOrderEvent
from projections.columns import integer, moment


class EventRow(NamedTuple):
    """A row; the fields are the columns of the table, in its order."""

    seq: int
    partition: int
    offset: int
    order_id: str
    version: int | None
    type: str
    superseded: bool
    occurred_at: datetime
    appended_at: datetime
    data: str


def event_row(seq: int, record: Record, event: AnyOrderEvent, *, superseded: bool) -> EventRow:
    """Return the row of a record; its data is the event as it stands in the log."""
    return EventRow(
        seq,
        record.partition,
        record.offset,
        event.order_id,
        None if event.version is None else integer(event.version),
        event.type,
        superseded,
        moment(event.occurred_at),
        record.appended_at,
        (record.value or b"").decode(),
    )
