"""A partition as the projection holds it: what recovery begins from."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orders.state import Open

CLOSED_KEPT = timedelta(seconds=10)
"""Ended orders are remembered so long past their `not_after`, for brokers whose clocks differ."""


@dataclass(slots=True)
class Snapshot:
    """The fold of the log below `next_offset`.

    `closed` are the orders that ended but whose placement could still be repeated, with its
    `not_after`; `read_at` is the time of the server that was asked (UTC).
    """

    read_at: datetime
    next_offset: int = 0
    open: dict[str, Open] = field(default_factory=dict)
    closed: dict[str, datetime] = field(default_factory=dict)
