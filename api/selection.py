"""Which orders a list shows, and places in it."""

from dataclasses import dataclass
from datetime import datetime

from orders.state import Status


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list of orders, newest first: just after this one."""

    created_at: datetime
    order_id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders a list shows."""

    status: Status | None = None
    user_id: str | None = None
    order_id: str | None = None
