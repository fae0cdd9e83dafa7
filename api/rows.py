"""What the projection tells the API: orders, the records of the feed, and how far each read saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from api.selection import Place
from orders.events import AnyOrderEvent
from orders.state import Status

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order as the projection has it; times are in UTC."""

    order_id: str
    user_id: str | None
    client_order_id: str | None
    tags: Sequence[str]
    order_type: str
    token_in: str
    token_out: str
    amount: Decimal | None
    slippage: Decimal | None
    target_price: Decimal | None
    expires_at: datetime | None
    time_in_force: str
    pool_provider: str | None
    min_liquidity: Decimal | None
    status: Status
    selected_dex: str | None
    executed_price: Decimal | None
    amount_out: Decimal | None
    tx_hash: str | None
    attempts: int
    next_retry_at: datetime | None
    error_code: str | None
    error_reason: str | None
    cancel_requested: bool
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A record of the log as the projection numbered it; `data` is its text as it stands there."""

    seq: int
    version: int | None
    type: str
    superseded: bool
    occurred_at: datetime
    appended_at: datetime
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow(EventRow):
    """A record as the feed tells it, where those of all orders stand side by side."""

    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedRow(FeedRow):
    """A record of the feed, and whose order it is about."""

    user_id: str | None


@dataclass(frozen=True, slots=True)
class Window(Generic[T]):
    """The wanted records of a part of the feed, read up to `upto`; the newest is `head`."""

    epoch: str
    upto: int
    head: int
    rows: list[T]


@dataclass(frozen=True, slots=True)
class Seen(Generic[T_co]):
    """What one read found, and up to which offset of the order's partition it knew the log."""

    found: T_co | None
    next_offset: int


@dataclass(frozen=True, slots=True)
class Found(Generic[T_co]):
    """What one read found of several orders, and up to which offsets it knew the log."""

    found: Mapping[str, T_co]
    next_offsets: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders of a list, in its sequence, and where the next page begins, if there may be one.

    `total` is how many the list has in all, where that is counted; `head` is the feed's.
    """

    orders: list[OrderRow]
    total: int | None
    head: int
    after: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """An event of an order, and the order as the same read found it; it is equal to itself alone.

    `status` is the word for the order right after the event, unless it was superseded. A wish has
    version 0 here and changes none.
    """

    seq: int
    order_id: str
    user_id: str | None
    version: int
    status: Status
    event: AnyOrderEvent
    record: FeedRow
    order: OrderRow


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes after one place in the feed: read up to `upto`, the newest there is is `head`."""

    epoch: str
    upto: int
    head: int
    next_offsets: Mapping[int, int]
    changes: Sequence[Change]
