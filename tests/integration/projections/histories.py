"""Records as a broker could deliver them, and what the tables must then hold."""

import uuid
from collections import Counter

from hypothesis import strategies as st

from orders.admission import NotAdmitted, Record, admit
from orders.events import OrderAmendRequested, OrderCancelRequested
from orders.fold import evolve
from orders.state import UNPLACED
from orders.topics import partition_of
from orders.wire import encode
from projections.orders import order_row
from tests.support.builders import (
    amended,
    cancelled,
    executed,
    expired,
    failed,
    limit,
    placed,
    rested,
    retry_due,
    retry_scheduled,
    routed,
    seconds,
    triggered,
    wish,
)
from tests.support.servers import TEST_PARTITIONS

PARTITIONS = TEST_PARTITIONS
IDS = tuple(str(uuid.UUID(int=number)) for number in range(3))
NAMES = {
    IDS[0]: {"user_id": "ann", "client_order_id": "first", "tags": ("a", "b")},
    IDS[1]: {"user_id": "ann"},
    IDS[2]: {},
}
IN_TIME, LATE = seconds(1), seconds(3600)
RESET = (
    "truncate orders, order_labels, order_events, order_counts",
    "update projection_offsets set next_offset = 0",
    "update projection_lease set expires_at = now(), backend_pid = null",
)


def _event(order_id, kind, version, attempt):
    envelope = {"order_id": order_id, "event_id": f"{kind}{version}{attempt}"}
    match kind:
        case "placed":
            return placed(**envelope, **NAMES[order_id])
        case "routed":
            return routed(version, attempt, execution_id=f"{order_id}:{attempt}", **envelope)
        case "executed":
            return executed(version, attempt, **envelope)
        case "scheduled":
            return retry_scheduled(version, attempt, **envelope)
        case "due":
            return retry_due(version, attempt, **envelope)
        case "failed":
            return failed(version, attempts=attempt, **envelope)
        case _:
            return _at_rest(kind, version, attempt, envelope)


def _at_rest(kind, version, attempt, envelope):
    match kind:
        case "limit":
            return placed(terms=LIMIT, **envelope, **NAMES[envelope["order_id"]])
        case "rested":
            return rested(version, attempt, **envelope)
        case "triggered":
            return triggered(version, **envelope)
        case "wish-cancel":
            return wish(OrderCancelRequested, order_id=envelope["order_id"])
        case "wish-amend":
            about = {"seen_version": version, "terms": OTHER}
            return wish(OrderAmendRequested, "amend", order_id=envelope["order_id"], **about)
        case "amended":
            return amended(version, OTHER, causation_id="amend", **envelope)
        case "cancelled":
            return cancelled(version, attempt, **envelope)
        case _:
            return expired(version, attempt, **envelope)


SHORT = (("placed", 1, 1), ("routed", 2, 1), ("executed", 3, 1))
LIFE = (
    *(("placed", 1, 1), ("routed", 2, 1), ("scheduled", 3, 1), ("due", 4, 2), ("routed", 5, 2)),
    *(("executed", 6, 2), ("failed", 7, 2)),
)
LIMIT = limit(expires_at=seconds(9))
OTHER = limit(target_price="150", slippage="0.02")
RESTING = (
    *(("limit", 1, 1), ("rested", 2, 1), ("wish-amend", 2, 1), ("amended", 3, 1)),
    *(("triggered", 4, 1), ("rested", 5, 2), ("wish-cancel", 5, 1), ("cancelled", 6, 0)),
    ("expired", 6, 0),
)
ASTRAY = (("executed", 3, 1), ("failed", 3, 1), ("routed", 9, 9), ("executed", 2, 1))
NOT_EVENTS = (b"", b"not JSON", b"{}", b'{"type":"OrderPlaced"}', None)
MOVES = st.one_of(
    *[st.just("on")] * 4,
    st.sampled_from(LIFE),
    st.sampled_from(RESTING),
    st.sampled_from(ASTRAY),
    st.sampled_from(NOT_EVENTS),
)


@st.composite
def logs(draw):
    """Draw records in the sequence in which they are read, each partition without a hole."""
    moves = draw(st.lists(st.tuples(st.sampled_from(IDS), MOVES), max_size=50))
    steps, told = Counter(), []
    for order_id, drawn in moves:
        story = {IDS[0]: LIFE, IDS[1]: SHORT, IDS[2]: RESTING}[order_id]
        move = story[steps[order_id] % len(story)] if drawn == "on" else drawn
        steps[order_id] += drawn == "on"
        value = encode(_event(order_id, *move)) if isinstance(move, tuple) else move
        told.append((order_id, value, draw(st.sampled_from([IN_TIME, IN_TIME, IN_TIME, LATE]))))
    return delivered(told)


def delivered(told):
    """Return (order id, value, broker time) as records."""
    next_offset, records = Counter(), []
    for order_id, value, at in told:
        partition = partition_of(order_id, PARTITIONS)
        records.append(Record(partition, next_offset[partition], order_id.encode(), value, at))
        next_offset[partition] += 1
    return records


def life(order_id, steps):
    """Return the records of an order's first steps, alone in the log."""
    events = [_event(order_id, *step) for step in LIFE[:steps]]
    return delivered([(order_id, encode(event), IN_TIME) for event in events])


def expected(records):
    """Return what the tables must hold: rows by order id, (seq, partition, offset, superseded)."""
    orders, placed_at, events = {}, {}, []
    for record in records:
        event = admit(record, PARTITIONS)
        if isinstance(event, NotAdmitted):
            continue
        before = orders.get(event.order_id, UNPLACED)
        orders[event.order_id] = evolve(before, event)
        if before is UNPLACED and orders[event.order_id] is not UNPLACED:
            placed_at[event.order_id] = record.offset
        unchanged = orders[event.order_id] == before and event.version is not None
        events.append((len(events) + 1, record.partition, record.offset, unchanged))
    rows = {
        order_id: order_row(
            order, partition_of(order_id, PARTITIONS), placed_at[order_id]
        )._asdict()
        for order_id, order in orders.items()
        if order is not UNPLACED
    }
    return rows, events
