"""Orders whose history is impossible, as the tables hold them: which, since when, and why."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from local.errors import EngineError
from local.measures import ACTIVE_SCHEMA, TIMEOUT
from orders.errors import OrderError
from orders.fold import evolve
from orders.state import UNPLACED, Order, Quarantined
from orders.wire import decode

# Only an order that has not ended is quarantined: with it the index of those is used.
_LIST = """
select order_id, status, version, attempts, selected_dex as venue, updated_at as since,
       error_reason as why
from orders where quarantined and orders.open
order by updated_at desc, order_id limit %s
"""
_ORDER = "select order_id, status, quarantined, error_reason from orders where order_id = %s"
_EVENTS = """
select seq, partition, "offset", version, type, superseded, occurred_at, appended_at,
       data::text as data
from order_events where order_id = %s order by seq
"""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One order that is or was quarantined, with its events; `seq` is that of the impossible one.

    `execution_id` is what may have been sent to a venue before, and is still resolved.
    """

    order: Row
    events: list[Row]
    seq: int
    why: str
    execution_id: str | None


def quarantined(url: str, limit: int | None) -> list[Row]:
    """Return the orders that are quarantined, the newest first. Raises EngineError."""
    with _tables(url) as connection:
        return connection.execute(_LIST, (limit,)).fetchall()


def case_of(url: str, order_id: str) -> Case | None:
    """Return the case of an order, or None when nothing was impossible about it.

    Raises EngineError when there is no such order, or the tables cannot be read.
    """
    with _tables(url) as connection:
        order = connection.execute(_ORDER, (order_id,)).fetchone()
        events = connection.execute(_EVENTS, (order_id,)).fetchall()
    if order is None:
        raise EngineError(f"There is no order {order_id}")
    try:
        found = _first_impossible(events)
    except OrderError as error:
        raise EngineError(f"The events of order {order_id} cannot be read: {error}") from error
    if found is None:
        return None
    seq, state = found
    held = state.held.execution_id if state.held else None
    return Case(order, events, seq, state.why, held)


def _first_impossible(events: list[Row]) -> tuple[int, Quarantined] | None:
    order: Order = UNPLACED
    for event in events:
        order = evolve(order, decode(event["data"].encode()))
        if isinstance(order, Quarantined):
            return event["seq"], order
    return None


@contextmanager
def _tables(url: str) -> Iterator[psycopg.Connection[Row]]:
    try:
        with psycopg.connect(url, row_factory=dict_row, connect_timeout=TIMEOUT) as connection:
            connection.execute("set transaction isolation level repeatable read read only")
            connection.execute(ACTIVE_SCHEMA)
            yield connection
    except psycopg.Error as error:
        raise EngineError(f"The tables cannot be read: {' '.join(str(error).split())}") from error
