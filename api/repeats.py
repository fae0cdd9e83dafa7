"""Placements with a client order id: sent as often as you like, they place one order."""

import asyncio
from datetime import timedelta
from typing import NamedTuple

from api.batches import Batches
from api.errors import (
    PROJECTION_LAGGING,
    PROJECTION_UNAVAILABLE,
    Kind,
    Refusal,
)
from api.placement import Wish, difference
from api.placing import Placing, Written, void
from api.placing_errors import IDEMPOTENCY_CONFLICT
from api.ports import ReadModelAway
from api.positions import Position
from api.progress import Progress
from api.rows import Seen
from api.slots import Slots
from orders.errors import NewerSchema
from orders.events import OrderPlaced
from orders.topics import partition_of
from orders.wire import decode

SOON = timedelta(seconds=1)
NOT_PLACED = "The order was not placed, for it cannot be read whether it was before"
MAYBE_PLACED = "The order is in the log, but it cannot be read yet whether it was placed before"


class Placed(NamedTuple):
    """An order that is certainly placed: by this request, or by an earlier one like it.

    Whoever has read up to `position` knows the order.
    """

    order_id: str
    position: Position
    replayed: bool = False


class Repeats:
    """Asks the projection before and after the append: what the log had first is the order."""

    def __init__(
        self,
        placing: Placing,
        placements: Batches[str],
        progress: Progress,
        slots: Slots,
        patience: timedelta,
        partitions: int,
    ) -> None:
        self._placing = placing
        self._placements = placements
        self._progress = progress
        self._slots = slots
        self._patience_s = patience.total_seconds()
        self._partitions = partitions

    async def place(self, wish: Wish, order_id: str, request_id: str) -> Placed:
        """Place the order unless it is there; raise `Refusal` when neither is certain.

        Repeating the same request is safe after every answer.
        """
        with self._slots:
            seen = await self._seen(order_id, NOT_PLACED)
            if seen.found is not None:
                partition = partition_of(order_id, self._partitions)
                return _replayed(wish, seen.found, Position(partition, seen.next_offset - 1))
            self._placing.require_room()
            written = await self._placing.write(wish, request_id)
            winner = await self._winner(written)
        if winner is None:
            raise void(written.event)
        if winner.event_id == written.event.event_id:
            return Placed(order_id, written.position)
        return _replayed(wish, winner, written.position)

    async def _winner(self, written: Written) -> OrderPlaced | None:
        order_id, place = written.event.order_id, written.appended
        try:
            await self._progress.reached(place.partition, place.offset + 1, self._patience_s)
            seen = await self._seen(order_id, MAYBE_PLACED)
        except asyncio.CancelledError:
            # The process stops; the client has to know that the order may be placed.
            raise unread(PROJECTION_LAGGING, MAYBE_PLACED, order_id) from None
        if seen.found is None and seen.next_offset <= place.offset:
            raise unread(PROJECTION_LAGGING, MAYBE_PLACED, order_id)
        return seen.found

    async def _seen(self, order_id: str, otherwise: str) -> Seen[OrderPlaced]:
        try:
            seen = await self._placements.of(order_id)
            found = None if seen.found is None else _placement(seen.found)
        except (ReadModelAway, NewerSchema) as error:
            raise unread(PROJECTION_UNAVAILABLE, otherwise, order_id) from error
        return Seen(found, seen.next_offset)


def _placement(text: str) -> OrderPlaced:
    event = decode(text.encode())
    if not isinstance(event, OrderPlaced):
        raise TypeError(f"{event.type} is no placement")
    return event


def _replayed(wish: Wish, winner: OrderPlaced, position: Position) -> Placed:
    field = difference(wish, winner)
    if field is not None:
        raise Refusal(IDEMPOTENCY_CONFLICT, field=field, orderId=winner.order_id)
    return Placed(winner.order_id, position, replayed=True)


def unread(kind: Kind, what: str, order_id: str) -> Refusal:
    """Return the answer while the projection cannot say what the log has under this id."""
    message = f"{what}: send the same request again, which never places a second order."
    return Refusal(kind, message, retry_after=SOON, orderId=order_id)
