"""Which records of the log count, judged on its own: nothing here knows the engine's admission."""

from enum import StrEnum
from typing import NamedTuple
from zlib import crc32

from audit.log import Record
from orders.errors import NotAnEvent
from orders.events import AnyOrderEvent, OrderPlaced
from orders.wire import decode


class Flaw(StrEnum):
    """Why a record does not count."""

    NOT_AN_EVENT = "NOT_AN_EVENT"
    WRONG_KEY = "WRONG_KEY"
    WRONG_PARTITION = "WRONG_PARTITION"
    LATE_PLACEMENT = "LATE_PLACEMENT"


class Verdict(NamedTuple):
    """What a record holds and why it does not count; no flaw means that it does.

    Without an event, the flaw is `NOT_AN_EVENT`.
    """

    event: AnyOrderEvent | None
    flaw: Flaw | None


NOTHING = Verdict(None, Flaw.NOT_AN_EVENT)


def home_of(order_id: str, partitions: int) -> int:
    """Return the partition an order's records belong to: CRC-32 of its id modulo the partitions."""
    return crc32(order_id.encode()) % partitions


def judge(record: Record, partitions: int) -> Verdict:
    """Return the verdict on a record; raise `NewerSchema` when only a newer engine can read it."""
    try:
        event = decode(record.value) if record.value is not None else None
    except NotAnEvent:
        return NOTHING
    if event is None:
        return NOTHING
    order_id = event.order_id.encode()
    if record.key != order_id:
        return Verdict(event, Flaw.WRONG_KEY)
    if record.partition != crc32(order_id) % partitions:
        return Verdict(event, Flaw.WRONG_PARTITION)
    if isinstance(event, OrderPlaced) and event.not_after < record.appended_at:
        return Verdict(event, Flaw.LATE_PLACEMENT)
    return Verdict(event, None)
