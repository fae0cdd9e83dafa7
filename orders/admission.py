"""Which records of the log count. What is not admitted changes nothing, for any reader."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from orders.errors import NotAnEvent
from orders.events import AnyOrderEvent, OrderPlaced
from orders.topics import partition_of
from orders.wire import decode

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Record(NamedTuple):
    """A record as the broker keeps it; `appended_at` is the broker's own time (UTC).

    A `marker` is none: it takes the offset of something that the broker wrote for itself.
    """

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    appended_at: datetime
    marker: bool = False


def marker(partition: int, offset: int) -> Record:
    """Return what stands for an offset without a record, such as the end of a transaction."""
    return Record(partition, offset, None, None, _LONG_AGO, marker=True)


class Flaw(StrEnum):
    """Why a record is not admitted."""

    NOT_AN_EVENT = "NOT_AN_EVENT"
    WRONG_KEY = "WRONG_KEY"
    WRONG_PARTITION = "WRONG_PARTITION"
    LATE_PLACEMENT = "LATE_PLACEMENT"


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    """The verdict on a record that changes nothing."""

    flaw: Flaw
    message: str


def admit(
    record: Record, partitions: int, read: Callable[[bytes], AnyOrderEvent] = decode
) -> AnyOrderEvent | NotAdmitted:
    """Return the record's event, or why it does not count; `NewerSchema` stops the reader.

    What `read` returns or raises is what `decode` does.
    """
    if record.value is None:
        return NotAdmitted(Flaw.NOT_AN_EVENT, "the record has no value")
    try:
        event = read(record.value)
    except NotAnEvent as error:
        return NotAdmitted(Flaw.NOT_AN_EVENT, str(error))
    if record.key != event.order_id.encode():
        return NotAdmitted(Flaw.WRONG_KEY, f"the key is not the order id {event.order_id}")
    home = partition_of(event.order_id, partitions)
    if record.partition != home:
        return NotAdmitted(Flaw.WRONG_PARTITION, f"the order's partition is {home}")
    if isinstance(event, OrderPlaced) and record.appended_at > event.not_after:
        appended, last = record.appended_at.isoformat(), event.not_after.isoformat()
        return NotAdmitted(Flaw.LATE_PLACEMENT, f"appended at {appended}, void after {last}")
    return event
