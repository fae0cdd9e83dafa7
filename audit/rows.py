"""What the tables must hold of a story and of a record, column for column. No I/O here."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from audit.log import Record
from audit.story import Story
from orders.events import AnyOrderEvent
from orders.values import Fill

ORDER_COLUMNS = (
    *("order_id", "partition", "placed_offset", "user_id", "client_order_id", "tags"),
    *("order_type", "token_in", "token_out", "amount", "slippage", "target_price"),
    *("expires_at", "time_in_force", "pool_provider", "min_liquidity"),
    *("status", "selected_dex"),
    *("executed_price", "amount_out", "tx_hash", "attempts", "next_retry_at"),
    *("error_code", "error_reason", "version", "created_at", "updated_at", "not_after"),
    *("quarantined", "cancel_requested"),
)
"""The columns of `orders` that people see. The state beside them is the engine's own."""

LATER_COLUMNS = frozenset(
    {
        *("client_order_id", "tags", "target_price", "expires_at", "time_in_force"),
        *("pool_provider", "min_liquidity", "cancel_requested"),
    }
)
"""Columns that tables made by an older engine may lack."""

STATE_COLUMNS = frozenset({"state", "state_schema_version"})

STATUS = {"routed": "executing", "waiting": "executing", "new": "pending", "resting": "open"}

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_MAX_INT4 = 2**31 - 1
_MAX_DIGITS = 1000


class EventRow(NamedTuple):
    """A row of `order_events` but for its seq, which only the projector gives."""

    offset: int
    partition: int
    order_id: str
    version: int | None
    type: str
    superseded: bool
    occurred_at: datetime
    appended_at: datetime
    data: str


class State(NamedTuple):
    """What the stored state of an open order says, as text; all None once the order has ended."""

    kind: str | None
    version: str | None
    attempts: str | None
    routes: str | None
    rests: str | None
    wishes: str | None


NO_STATE = State(None, None, None, None, None, None)


def event_row(record: Record, event: AnyOrderEvent, *, superseded: bool) -> EventRow:
    """Return the row an admitted record must have."""
    return EventRow(
        record.offset,
        record.partition,
        event.order_id,
        event.version if (event.version or 0) <= _MAX_INT4 else None,
        event.type,
        superseded,
        _moment(event.occurred_at),
        record.appended_at,
        (record.value or b"").decode(),
    )


def order_row(story: Story, partition: int) -> dict[str, Any]:
    """Return the row the order must have, by column."""
    placed, terms, fill = story.placed, story.terms, story.fill
    return {
        "order_id": story.order_id,
        "partition": partition,
        "placed_offset": story.placed_offset,
        "user_id": placed.user_id,
        "client_order_id": placed.client_order_id,
        "tags": [*placed.tags],
        "order_type": terms.order_type,
        "token_in": terms.token_in,
        "token_out": terms.token_out,
        "amount": _number(terms.amount),
        "slippage": _number(terms.slippage),
        "target_price": terms.target_price and _number(terms.target_price),
        "expires_at": terms.expires_at and _moment(terms.expires_at),
        "time_in_force": terms.time_in_force,
        "pool_provider": terms.pool_provider,
        "min_liquidity": None if terms.min_liquidity is None else _number(terms.min_liquidity),
        "status": status_of(story),
        "selected_dex": story.venue,
        **_filled(fill),
        "attempts": story.attempts,
        "next_retry_at": _next_retry_at(story),
        "error_code": "QUARANTINED" if story.phase == "quarantined" else story.code,
        "error_reason": _text(story.message),
        "version": story.version,
        "created_at": _moment(placed.placed_at),
        "updated_at": _moment(story.updated_at),
        "not_after": _moment(placed.not_after),
        "quarantined": story.phase == "quarantined",
        "cancel_requested": story.cancel_asked,
    }


def status_of(story: Story) -> str:
    """Return the word people see."""
    if story.phase == "quarantined":
        return "executing" if story.attempts else "pending"
    if story.phase == "pending":
        begun = story.attempts or story.routes or story.rests or story.fired
        return "executing" if begun else "pending"
    return STATUS.get(story.phase, story.phase)


def state_of(story: Story) -> State:
    """Return what the stored state must say."""
    if story.ended:
        return NO_STATE
    numbers = (story.version, story.attempts, story.routes, story.rests, len(story.asked))
    return State(story.phase, *map(str, numbers))


def later(moment: datetime, delay: timedelta) -> datetime:
    """Return the moment so much later, within the years 1 to 9999."""
    try:
        return moment.astimezone(UTC) + delay
    except OverflowError:
        return _LATEST if delay > timedelta() else _EARLIEST


def differences(
    expected: dict[str, Any], columns: Sequence[str], row: Sequence[Any]
) -> Iterator[str]:
    """Yield, for each column that is not as expected, what it is and what it should be."""
    for column, found in zip(columns, row, strict=True):
        wanted = expected[column]
        if wanted != found and not _is_told_in_words(column, expected, found):
            yield f"{column} is {found!s}, not {wanted!s}"


def _is_told_in_words(column: str, expected: dict[str, Any], found: object) -> bool:
    # Why an order is quarantined is a sentence of the engine's; that there is one is what counts.
    return column == "error_reason" and expected["quarantined"] and bool(found)


def _filled(fill: Fill | None) -> dict[str, Any]:
    if fill is None:
        return {"executed_price": None, "amount_out": None, "tx_hash": None}
    return {
        "executed_price": _number(fill.executed_price),
        "amount_out": _number(fill.amount_out),
        "tx_hash": _text(fill.tx_hash),
    }


def _next_retry_at(story: Story) -> datetime | None:
    if story.phase != "waiting" or story.delay is None:
        return None
    return later(story.updated_at, story.delay)


def _moment(value: datetime) -> datetime:
    # An offset from UTC can take a moment out of the years that a table knows.
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return _LATEST if value.year > 1 else _EARLIEST


def _number(value: Decimal) -> Decimal | None:
    fits = int(value.as_tuple().exponent) >= -_MAX_DIGITS and value.adjusted() <= _MAX_DIGITS
    return value if fits else None


def _text(value: str | None) -> str | None:
    # No text of PostgreSQL holds a NUL.
    return None if value is None else value.replace("\0", "\ufffd")
