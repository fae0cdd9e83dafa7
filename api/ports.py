"""What the API asks of the world: the log to write to, the projection to read from."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.rows import Changes, EventRow, FeedRow, Found, OrderRow, OwnedRow, Page, Seen, Window
from api.selection import Place, Wanted
from runtime.appender import Appended

LAST_SEQ = 2**63 - 1
"""No record of the feed has a higher `seq`."""


class Away(Exception):
    """A neighbour did not answer in time."""


class LogAway(Away):
    """Kafka did not answer in time; what was sent to it may still be appended."""


class Misconfigured(LogAway):
    """The log is another one than this process is set up for; the message is for people."""


class ReadModelAway(Away):
    """PostgreSQL did not answer in time, or the projection has not been built yet."""


@dataclass(frozen=True, slots=True)
class Picked:
    """Which records of the feed are wanted: all of them, but for what is given."""

    order_id: str | None = None
    user_id: str | None = None
    types: tuple[str, ...] = ()
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """Whose changes somebody waits for: those of some orders and users, or all."""

    order_ids: Collection[str]
    user_ids: Collection[str]
    everything: bool = False


ToAppend = tuple[str, bytes]
"""The order of a record, and the record."""


class Log(Protocol):
    """Kafka. Raises `LogAway`, also when the call takes too long."""

    async def append(self, order_id: str, value: bytes) -> Appended:
        """Append a record of this order; return when it is durable."""
        ...

    async def append_all(self, records: Sequence[ToAppend]) -> list[Appended | LogAway]:
        """Append records, in their sequence; return what came of each."""
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
