"""The table `orders`: one row an order, a function of its folded state. No I/O here."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from orders import state
from orders.events import SCHEMA_VERSION
from orders.state import Closed, Completed, Open, Quarantined, Status, Waiting
from orders.wire import encode_order
from projections.columns import moment, number, text


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
    time_in_force: str
    pool_provider: str | None
    min_liquidity: Decimal | None
    created_at: datetime
    not_after: datetime
    amount: Decimal | None
    slippage: Decimal | None
    target_price: Decimal | None
    expires_at: datetime | None
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
    updated_at: datetime
    quarantined: bool
    cancel_requested: bool
    state: str | None
    state_schema_version: int


CHANGING = OrderRow._fields[OrderRow._fields.index("amount") :]
"""The columns that an event after the placement can change; those before them that one settles."""

OrderChange: TypeAlias = tuple[Any, ...]
"""What changes of a row: a value for each of `CHANGING`, and the id of the order."""


def order_row(order: Open | Closed, partition: int, placed_offset: int) -> OrderRow:
    """Return the row of an order whose accepted placement stands at this partition and offset."""
    placement, terms = order.placement, order.placement.terms
    return OrderRow(
        placement.order_id,
        partition,
        placed_offset,
        placement.user_id,
        placement.client_order_id,
        [*placement.tags],
        terms.order_type,
        terms.token_in,
        terms.token_out,
        terms.time_in_force,
        terms.pool_provider,
        None if terms.min_liquidity is None else number(terms.min_liquidity),
        moment(placement.placed_at),
        moment(placement.not_after),
        *_changing(order),
    )


def order_change(order: Open | Closed) -> OrderChange:
    """Return the columns of an order's row that its placement does not settle, then its id."""
    return (*_changing(order), order.placement.order_id)


def _changing(order: Open | Closed) -> OrderChange:
    terms = order.placement.terms
    fill = order.fill if isinstance(order, Completed) else None
    reason = state.reason(order)
    return (
        number(terms.amount),
        number(terms.slippage),
        None if terms.target_price is None else number(terms.target_price),
        None if terms.expires_at is None else moment(terms.expires_at),
        state.status(order),
        state.venue(order),
        number(fill.executed_price) if fill else None,
        number(fill.amount_out) if fill else None,
        text(fill.tx_hash) if fill else None,
        order.attempts,
        _next_retry_at(order),
        reason.code.value if reason else None,
        text(reason.message) if reason else None,
        order.version,
        moment(order.updated_at),
        isinstance(order, Quarantined),
        order.cancel is not None,
        _kept(order),
        SCHEMA_VERSION,
    )


def _next_retry_at(order: Open | Closed) -> datetime | None:
    return moment(order.updated_at, order.delay) if isinstance(order, Waiting) else None


def _kept(order: Open | Closed) -> str | None:
    return None if isinstance(order, Closed) else encode_order(order).decode()
