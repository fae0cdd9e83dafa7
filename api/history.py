"""An order as it was: folded again from its events, up to a place in the feed or a moment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from api.errors import ORDER_NOT_FOUND, Refusal
from api.rows import EventRow, OrderRow
from orders import state
from orders.events import AnyOrderEvent
from orders.fold import replay
from orders.state import Completed, Unplaced, Waiting
from orders.wire import decode


@dataclass(frozen=True, slots=True)
class Until:
    """How far the events are read: up to a `seq`, up to a time of the log (UTC), or all of them."""

    seq: int | None = None
    appended_at: datetime | None = None

    def holds(self, row: EventRow) -> bool:
        """Return whether the event had happened by then."""
        in_feed = self.seq is None or row.seq <= self.seq
        return in_feed and (self.appended_at is None or row.appended_at <= self.appended_at)


def events_of(rows: Iterable[EventRow]) -> Iterator[tuple[EventRow, AnyOrderEvent]]:
    """Yield the events that count, in the order of the log."""
    return ((row, decode(row.data.encode())) for row in rows if not row.superseded)


def order_at(rows: Iterable[EventRow], until: Until) -> OrderRow | None:
    """Return the order as its events made it by then, or None when it was not placed yet."""
    order = replay(event for row, event in events_of(rows) if until.holds(row))
    return None if isinstance(order, Unplaced) else row_of(order)


def order_of(events: Iterable[AnyOrderEvent]) -> state.Open | state.Closed:
    """Return an order as its events that count made it; it was placed."""
    order = replay(events)
    if isinstance(order, Unplaced):
        raise Refusal(ORDER_NOT_FOUND)
    return order


def row_of(order: state.Open | state.Closed) -> OrderRow:
    """Return a folded order as the projection's table has it."""
    placement, reason = order.placement, state.reason(order)
    fill = order.fill if isinstance(order, Completed) else None
    return OrderRow(
        order_id=placement.order_id,
        user_id=placement.user_id,
        client_order_id=placement.client_order_id,
        tags=[*placement.tags],
        order_type=placement.terms.order_type,
        token_in=placement.terms.token_in,
        token_out=placement.terms.token_out,
        amount=placement.terms.amount,
        slippage=placement.terms.slippage,
        target_price=placement.terms.target_price,
        expires_at=placement.terms.expires_at,
        time_in_force=placement.terms.time_in_force,
        pool_provider=placement.terms.pool_provider,
        min_liquidity=placement.terms.min_liquidity,
        status=state.status(order),
        selected_dex=state.venue(order),
        executed_price=fill.executed_price if fill else None,
        amount_out=fill.amount_out if fill else None,
        tx_hash=fill.tx_hash if fill else None,
        attempts=order.attempts,
        next_retry_at=order.due_at if isinstance(order, Waiting) else None,
        error_code=reason.code if reason else None,
        error_reason=reason.message if reason else None,
        cancel_requested=order.cancel is not None,
        version=order.version,
        created_at=placement.placed_at,
        updated_at=order.updated_at,
    )
