"""The open orders of one partition: fold what the log says, react to what it means."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from orders.admission import NotAdmitted, Record, admit
from orders.errors import OrderError
from orders.events import AnyOrderEvent, OrderAmendRejected, OrderPlaced
from orders.fold import evolve
from orders.state import UNPLACED, Closed, New, Open, Quarantined, Resting, Unplaced, Waiting
from orders.wire import decode
from streams.asked import is_asked, is_ending, is_outcome
from streams.clock import BrokerClock
from streams.ended import EndedOrders
from streams.expiry import Expiries
from streams.lane import Lane
from streams.reactions import Reactions
from streams.resting import RestingOrders, Seen
from streams.slots import KEEP_SLOTS
from streams.snapshot import CLOSED_KEPT, Snapshot
from streams.underway import UnderWay
from streams.waits import Waits

logger = logging.getLogger(__name__)


class LogHasHole(OrderError):
    """The broker skipped offsets of a log that is never compacted or cut."""


class Partition:
    """Folds the records of one partition, each exactly once, and starts the reactions.

    It starts out deaf: records that arrive are passed over, until whoever feeds it the log itself
    has reached what was passed over and calls `go_live`.
    """

    def __init__(
        self,
        partitions: int,
        clock: BrokerClock,
        reactions: Reactions,
        lane: Lane,
        resting: RestingOrders,
        read: Callable[[bytes], AnyOrderEvent] = decode,
    ) -> None:
        self.partitions, self._read = partitions, read
        self._clock = clock
        self._reactions, self._lane = reactions, lane
        self.resting = resting
        self._open: dict[str, Open] = {}
        self._ended = EndedOrders()
        self._expiries = Expiries()
        self._reacted: dict[str, int] = {}
        self._waits = Waits()
        self.under_way = UnderWay()
        self._unconfirmed: dict[str, int] = {}
        self._seen_offset = -1
        self._appended_at = datetime.min.replace(tzinfo=UTC)
        self.next_offset = 0
        self.restored = self.live = False

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
        self._expiries = Expiries(self._open.values())
        for order in self._open.values():
            self._waits.follow(order)
            self.resting.moved(None, order)
        self.restored = True

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
        event = admit(record, self.partitions, self._read)
        self.next_offset = record.offset + 1
        if record.marker:
            return
        if record.appended_at > self._appended_at:
            self._appended_at = record.appended_at
            self._clock.saw(record.appended_at)
        if not isinstance(event, NotAdmitted) and event.order_id not in self._ended:
            self._apply(event, record.offset)

    def confirm(self, order_id: str, placed_offset: int) -> None:
        """Start an unconfirmed order whose placement is the one at this offset; else forget it."""
        if self._unconfirmed.pop(order_id) != placed_offset:
            self._forget(order_id)
        elif self.live:
            self._respond(self._open[order_id])

    def go_live(self) -> None:
        """Respond to every open order: react to those that moved, answer whatever is asked."""
        self.live = True
        self.resting.go_live()
        for order in list(self._open.values()):
            self._respond(order)

    def settling(self, order_id: str) -> tuple[Open, Seen | None] | None:
        """Return an open order and what it fires on, None while it has no turn: see `UnderWay`."""
        order = self._open.get(order_id)
        if order is None or order_id in self._unconfirmed or order_id in self.under_way:
            return None
        waits = self.resting.is_gathered(order) and not is_ending(order, self._clock)
        return None if waits else (order, self.resting.seen.get(order_id))

    def end_what_is_over(self) -> None:
        """End the orders whose time is over, but none whose execution may be on its way.

        Let the orders that fell short look at the market again when their pause is over, and
        figure out anew at which price some of the others fire.
        """
        if self.live:
            now = self._clock()
            for order in self._expiries.due(now, self._open):
                self._respond(order)
            self.resting.end_pauses(now, self._open)
            self.resting.price_anew(self._open)

    def answered(self, asked: Resting, *, reached: bool) -> None:
        """Hear whether the venues reach an order's price, unless it moved on meanwhile."""
        order = self._open.get(asked.placement.order_id)
        if isinstance(order, Resting) and order.version == asked.version:
            self.resting.answered(order, self._clock(), reached=reached)

    def put_overdue_on_delay(self) -> None:
        """React again to orders that wait long past their delay: the delay topic lost them."""
        for order_id in self._waits.overdue(self._clock()) if self.live else ():
            self._reacted.pop(order_id, None)
            self._respond(self._open[order_id])

    async def leave(self) -> None:
        """Stop all that is under way: the partition is another worker's now."""
        self.live = False
        await self._lane.cancel(self._open)
        await self._reactions.cancel(self._open)

    def _apply(self, event: AnyOrderEvent, offset: int) -> None:
        order_id, own = event.order_id, self.under_way.came(event)
        before = self._open.get(order_id)
        after = evolve(before or UNPLACED, event)
        if isinstance(after, Unplaced):
            return
        if before is None and isinstance(event, OrderPlaced) and event.client_order_id:
            self._unconfirmed[order_id] = offset
        if isinstance(after, Closed):
            self._close(after)
        elif after is before:
            self._decide_again(after, event, own=own)
        else:
            self._open[order_id] = after
            self._track(before, after)

    def _track(self, before: Open | None, order: Open) -> None:
        if before is None or before.placement is not order.placement:
            self._expiries.add(order)
        if before is None or before.version != order.version:
            self._moved(before, order)
        if self.live:
            self._respond(order)

    def _moved(self, before: Open | None, order: Open) -> None:
        order_id = order.placement.order_id
        self._waits.follow(order)
        self.resting.moved(before, order)
        if isinstance(order, Quarantined):
            logger.error("order quarantined", extra={"order_id": order_id, "why": order.why})
        if not isinstance(order, KEEP_SLOTS):
            self._reactions.release(order_id)

    def _respond(self, order: Open) -> None:
        order_id = order.placement.order_id
        if order_id in self._unconfirmed:
            return
        if ending := is_ending(order, self._clock):
            self._reactions.stop(order_id)
        elif isinstance(order, New | Resting):
            self.resting.look(order)
        elif self._reacted.get(order_id) != order.version:
            self._reacted[order_id] = order.version
            if not isinstance(order, Quarantined) or order.held:
                self._reactions.start(order)
        if ending or is_asked(order) or order_id in self.resting.seen:
            self._lane.put(order_id, ahead=order.placement.terms.is_sniper)

    def _decide_again(self, order: Open, superseded: AnyOrderEvent, *, own: bool) -> None:
        """A writer lost a race: what it wanted to record is decided anew on the state that won."""
        rejected = isinstance(superseded, OrderAmendRejected) and not own
        if not self.live or rejected or superseded.actor != "streams":
            return
        waits = isinstance(order, Waiting) or self._reactions.is_running(superseded.order_id)
        if is_outcome(superseded) and not waits:
            self._reacted.pop(superseded.order_id, None)
        self._respond(order)

    def _close(self, order: Closed) -> None:
        order_id = order.placement.order_id
        self._forget(order_id)
        self._ended.add(order_id, order.placement.not_after)
        # By the log's own time: read late, a repeated placement must still find its order ended.
        self._ended.forget_before(self._appended_at - CLOSED_KEPT)

    def _forget(self, order_id: str) -> None:
        order = self._open.pop(order_id, None)
        if order is not None:
            self.resting.forget(order)
        self._waits.forget(order_id)
        self.under_way.forget(order_id)
        self._reacted.pop(order_id, None)
        self._unconfirmed.pop(order_id, None)
        self._reactions.release(order_id)
