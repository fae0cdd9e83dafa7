"""What the API asks of the world: the log to write to, the projection to read from."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from api.selection import Place, Wanted
from orders.events import AnyOrderEvent
from orders.state import Status
from runtime.appender import Appended

LAST_SEQ = 2**63 - 1
"""No record of the feed has a higher `seq`."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Away(Exception):
    """A neighbour did not answer in time."""


class LogAway(Away):
    """Kafka did not answer in time; what was sent to it may still be appended."""


class Misconfigured(LogAway):
    """The log is another one than this process is set up for; the message is for people."""


class ReadModelAway(Away):
    """PostgreSQL did not answer in time, or the projection has not been built yet."""


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
class Picked:
    """Which records of the feed are wanted: all of them, but for what is given."""

    order_id: str | None = None
    user_id: str | None = None
    types: tuple[str, ...] = ()
    superseded: bool = False


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


@dataclass(frozen=True, slots=True)
class Followed:
    """Whose changes somebody waits for: those of some orders and users, or all."""

    order_ids: Collection[str]
    user_ids: Collection[str]
    everything: bool = False


class Log(Protocol):
    """Kafka. Raises `LogAway`, also when the call takes too long."""

    async def append(self, order_id: str, value: bytes) -> Appended:
        """Append a record of this order; return when it is durable."""
        ...

    async def ends(self) -> Mapping[int, int]:
        """Return the end offset of each partition, as of a moment after the call."""
        ...


class OrderReads(Protocol):
    """Orders by their ids. Raises `ReadModelAway`."""

    async def orders(self, order_ids: Collection[str]) -> Found[OrderRow]:
        """Return the rows of those of these orders that the projection has."""
        ...

    async def events(self, order_id: str) -> Seen[list[EventRow]]:
        """Return the order's records, oldest first, if the projection has any."""
        ...

    async def placements(self, order_ids: Collection[str]) -> Found[str]:
        """Return the accepted placements of those orders, as the text that stands in the log."""
        ...


class Lists(Protocol):
    """Many orders. Raises `ReadModelAway`."""

    async def page(self, wanted: Wanted, limit: int, place: Place | None) -> Page:
        """Return at most so many orders of a list after a place in it; fewer do not end it."""
        ...

    async def next_offsets(self) -> Mapping[int, int]:
        """Return up to where the projection has read each partition."""
        ...


class Counts(Protocol):
    """How many orders there are. Raises `ReadModelAway`."""

    async def unfinished(self) -> int:
        """Return how many orders have not ended, those at rest left out."""
        ...


class Feed(Protocol):
    """What changes. Raises `ReadModelAway`."""

    async def changes(self, after: int | None, followed: Followed) -> Changes:
        """Return the followed orders' changes after a `seq`; without one only the head."""
        ...

    async def replay(self, after: int, picked: Picked) -> Changes:
        """Return the wanted changes in the next part of the feed after a `seq`."""
        ...

    async def records(self, after: int, upto: int | None, picked: Picked) -> Window[FeedRow]:
        """Return the next wanted records after a `seq`, none beyond `upto`."""
        ...

    async def news(self, after: int) -> Window[OwnedRow]:
        """Return all records in the next part of the feed after a `seq`."""
        ...

    def wakes(self) -> AsyncIterator[None]:
        """Yield whenever there may be something new."""
        ...


class ReadModel(OrderReads, Lists, Counts, Feed, Protocol):
    """The projection in PostgreSQL."""
