"""The table `orders`: one row an order, a function of its folded state. No I/O here."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from orders import state
from orders.events import SCHEMA_VERSION
from orders.state import Closed, Completed, Open, Quarantined, Status, Waiting
from orders.wire import encode_order
from projections.columns import moment, number, text

PLACED_COLUMNS = (
    *("order_id", "partition", "placed_offset", "user_id", "client_order_id", "tags"),
    *("order_type", "token_in", "token_out", "time_in_force", "pool_provider", "min_liquidity"),
    *("created_at", "not_after"),
)
"""The columns that the placement settles; no later event changes them."""


class OrderRow(NamedTuple):
    """A row; the fields are the columns of the table, in its order."""

    order_id: str
    partition: int
    placed_offset: int
    user_id: str | None
    client_order_id: str | None
    tags: list[str]
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
    version: int
    created_at: datetime
    updated_at: datetime
    not_after: datetime
    quarantined: bool
    cancel_requested: bool
    state: str | None
    state_schema_version: int


def order_row(order: Open | Closed, partition: int, placed_offset: int) -> OrderRow:
    """Return the row of an order whose accepted placement stands at this partition and offset."""
    placement, terms = order.placement, order.placement.terms
    fill = order.fill if isinstance(order, Completed) else None
    reason = state.reason(order)
    return OrderRow(
        order_id=placement.order_id,
        partition=partition,
        placed_offset=placed_offset,
        user_id=placement.user_id,
        client_order_id=placement.client_order_id,
        tags=[*placement.tags],
        order_type=terms.order_type,
        token_in=terms.token_in,
        token_out=terms.token_out,
        amount=number(terms.amount),
        slippage=number(terms.slippage),
        target_price=None if terms.target_price is None else number(terms.target_price),
        expires_at=None if terms.expires_at is None else moment(terms.expires_at),
        time_in_force=terms.time_in_force,
        pool_provider=terms.pool_provider,
        min_liquidity=None if terms.min_liquidity is None else number(terms.min_liquidity),
        status=state.status(order),
        selected_dex=state.venue(order),
        executed_price=number(fill.executed_price) if fill else None,
        amount_out=number(fill.amount_out) if fill else None,
        tx_hash=text(fill.tx_hash) if fill else None,
        attempts=order.attempts,
        next_retry_at=_next_retry_at(order),
        error_code=reason.code.value if reason else None,
        error_reason=text(reason.message) if reason else None,
        version=order.version,
        created_at=moment(placement.placed_at),
        updated_at=moment(order.updated_at),
        not_after=moment(placement.not_after),
        quarantined=isinstance(order, Quarantined),
        cancel_requested=order.cancel is not None,
        state=_kept(order),
        state_schema_version=SCHEMA_VERSION,
    )


def _next_retry_at(order: Open | Closed) -> datetime | None:
    return moment(order.updated_at, order.delay) if isinstance(order, Waiting) else None


def _kept(order: Open | Closed) -> str | None:
    return None if isinstance(order, Closed) else encode_order(order).decode()
