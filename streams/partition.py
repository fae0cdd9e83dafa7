"""The open orders of one partition: fold what the log says, react to what it means."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from orders.admission import NotAdmitted, Record, admit
from orders.errors import OrderError
from orders.events import AnyOrderEvent, OrderPlaced
from orders.fold import evolve
from orders.state import UNPLACED, Completed, Failed, Open, Order, Quarantined, Unplaced, Waiting
from streams.clock import BrokerClock
from streams.ended import EndedOrders
from streams.reactions import Reactions

logger = logging.getLogger(__name__)

OVERDUE = timedelta(seconds=30)
"""An order that still waits this long after its due time is put on its delay topic again."""

CLOSED_KEPT = timedelta(seconds=10)
"""Ended orders are remembered so long past their `not_after`, for brokers whose clocks differ."""


class LogHasHole(OrderError):
    """The broker skipped offsets of a log that is never compacted or cut."""


class WrongPartitions(OrderError):
    """The topic has another number of partitions than this worker was told."""


@dataclass(slots=True)
class Snapshot:
    """A partition as the projection holds it: the fold of the log below `next_offset`.

    `closed` are the orders that ended but whose placement could still be repeated, with its
    `not_after`; `read_at` is the time of the server that was asked (UTC).
    """

    read_at: datetime
    next_offset: int = 0
    open: dict[str, Open] = field(default_factory=dict)
    closed: dict[str, datetime] = field(default_factory=dict)


class Partition:
    """Folds the records of one partition, each exactly once, and starts the reactions.

    It starts out deaf: records that arrive are passed over, until whoever feeds it the log itself
    has reached what was passed over and calls `go_live`.
    """

    def __init__(self, partitions: int, clock: BrokerClock, reactions: Reactions) -> None:
        self._partitions = partitions
        self._clock = clock
        self._reactions = reactions
        self._open: dict[str, Open] = {}
        self._ended = EndedOrders()
        self._reacted: dict[str, int] = {}
        self._waiting: dict[str, datetime] = {}
        self._unconfirmed: dict[str, int] = {}
        self._seen_offset = -1
        self._appended_at = datetime.min.replace(tzinfo=UTC)
        self.next_offset = 0
        self.restored = False
        self.live = False

    @property
    def open_orders(self) -> Mapping[str, Open]:
        """Return the orders that have not ended, by id."""
        return self._open

    @property
    def unconfirmed(self) -> Mapping[str, int]:
        """Return where each placement stands that may repeat an order long closed.

        The client named it, so it may be sent at any time again; nothing is done for it until the
        projection has told, by `confirm`, which placement of that order was the first.
        """
        return self._unconfirmed

    @property
    def has_caught_up(self) -> bool:
        """Return whether all that was passed over has been folded."""
        return self.next_offset > self._seen_offset

    def restore(self, snapshot: Snapshot) -> None:
        """Begin from what the projection holds."""
        # What recovery reads may be hours old, and a quote would look as fresh as it was then.
        self._clock.saw(snapshot.read_at)
        self._open, self._ended = snapshot.open, EndedOrders(snapshot.closed)
        self.next_offset = snapshot.next_offset
        for order_id, order in self._open.items():
            if isinstance(order, Waiting):
                self._waiting[order_id] = order.due_at
        self.restored = True

    def require_partitions(self, found: int) -> None:
        """Raise `WrongPartitions` unless the log has as many partitions as it was told."""
        if found != self._partitions:
            raise WrongPartitions(
                f"the log has {found} partitions, this worker was told {self._partitions}: "
                f"set ENGINE_PARTITIONS={found}"
            )

    def read(self, record: Record) -> bool:
        """Fold a record as it arrives; return False when records before it are missing.

        The partition is deaf from then on, until what is missing has been folded.
        """
        self._seen_offset = max(self._seen_offset, record.offset)
        if self.live and record.offset > self.next_offset:
            self.live = False
            return False
        if self.live:
            self.fold(record)
        return True

    def fold(self, record: Record) -> None:
        """Take the next record of the log into the state; one already folded changes nothing."""
        if record.offset < self.next_offset:
            return
        if record.offset > self.next_offset:
            raise LogHasHole(f"offset {record.offset} came where {self.next_offset} was expected")
        event = admit(record, self._partitions)
        self.next_offset = record.offset + 1
        if record.marker:
            return
        self._clock.saw(record.appended_at)
        self._appended_at = max(self._appended_at, record.appended_at)
        if not isinstance(event, NotAdmitted) and event.order_id not in self._ended:
            self._apply(event, record.offset)

    def confirm(self, order_id: str, placed_offset: int) -> None:
        """Start an unconfirmed order whose placement is the one at this offset; else forget it."""
        offset = self._unconfirmed.pop(order_id)
        if offset != placed_offset:
            self._forget(order_id)
        elif self.live:
            self._react(self._open[order_id])

    def go_live(self) -> None:
        """React to every open order that this worker has not reacted to in its present version."""
        self.live = True
        for order_id, order in list(self._open.items()):
            if self._reacted.get(order_id) != order.version:
                self._react(order)

    def put_overdue_on_delay(self) -> None:
        """React again to orders that wait long past their delay: the delay topic lost them."""
        now = self._clock()
        late = now - OVERDUE
        overdue = [order_id for order_id, due_at in self._waiting.items() if due_at < late]
        for order_id in overdue if self.live else ():
            self._waiting[order_id] = now
            self._react(self._open[order_id])

    async def leave(self) -> None:
        """Stop all that is under way: the partition is another worker's now."""
        self.live = False
        await self._reactions.cancel(self._open)

    def _apply(self, event: AnyOrderEvent, offset: int) -> None:
        order_id = event.order_id
        before: Order = self._open.get(order_id, UNPLACED)
        after = evolve(before, event)
        begins = isinstance(before, Unplaced) and after is not before
        if begins and isinstance(event, OrderPlaced) and event.client_order_id:
            self._unconfirmed[order_id] = offset
        match after:
            case Unplaced():
                return
            case Completed() | Failed():
                self._close(after)
            case _ if after is before:
                self._decide_again(after, event)
            case _:
                self._open[order_id] = after
                self._track(after)

    def _track(self, order: Open) -> None:
        order_id = order.placement.order_id
        self._waiting.pop(order_id, None)
        if isinstance(order, Waiting):
            self._waiting[order_id] = order.due_at
            self._reactions.release(order_id)
        if isinstance(order, Quarantined):
            logger.error("order quarantined", extra={"order_id": order_id, "why": order.why})
            self._reactions.release(order_id)
        if self.live:
            self._react(order)

    def _react(self, order: Open) -> None:
        if order.placement.order_id in self._unconfirmed:
            return
        self._reacted[order.placement.order_id] = order.version
        if not isinstance(order, Quarantined) or order.held:
            self._reactions.start(order)

    def _decide_again(self, order: Open, superseded: AnyOrderEvent) -> None:
        """A writer lost a race: what it wanted to record is decided anew on the state that won."""
        lost = superseded.actor == "streams" and not isinstance(order, Waiting)
        if self.live and lost and not self._reactions.is_running(superseded.order_id):
            self._react(order)

    def _close(self, order: Completed | Failed) -> None:
        order_id = order.placement.order_id
        self._forget(order_id)
        self._ended.add(order_id, order.placement.not_after)
        # By the log's own time: read late, a repeated placement must still find its order ended.
        self._ended.forget_before(self._appended_at - CLOSED_KEPT)

    def _forget(self, order_id: str) -> None:
        for memory in (self._open, self._reacted, self._waiting, self._unconfirmed):
            memory.pop(order_id, None)
        self._reactions.release(order_id)
