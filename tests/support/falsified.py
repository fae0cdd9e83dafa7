"""Logs as no engine would write them: lives of orders, cut, doubled, mixed and falsified."""

import json
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st
from msgspec.structs import replace

from orders.admission import Record, marker
from orders.events import OrderCancelRequested, OrderPlaced
from orders.topics import partition_of
from orders.wire import encode
from tests.support.builders import (
    METEORA,
    T0,
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

PARTITIONS = 2
IDS = tuple(str(uuid.UUID(int=number)) for number in range(8))
NAMED = IDS[0]
"""The order that its client named: its placement may be sent again at any time."""

EASTMOST = timezone(timedelta(hours=14))
LIMITS = {order_id: seconds(20) for order_id in IDS} | {
    IDS[-2]: seconds(120),
    IDS[-1]: datetime.max.replace(tzinfo=EASTMOST),
}
"""When the placement of each order is too late; another one only for the named order's repeats."""

LIMIT = limit(expires_at=seconds(9))
STEPS: dict[str, Callable] = {
    "placed": lambda _version, _attempt, **given: placed(**given),
    "routed": routed,
    "executed": executed,
    "scheduled": retry_scheduled,
    "due": retry_due,
    "failed": lambda version, attempt, **given: failed(version, attempts=attempt, **given),
    "limit": lambda _version, _attempt, **given: placed(terms=LIMIT, **given),
    "rested": rested,
    "triggered": lambda version, _attempt, **given: triggered(version, **given),
    "wish": lambda _version, _attempt, **given: wish(OrderCancelRequested, **given),
    "cancelled": cancelled,
    "expired": expired,
}
LIVES = (
    (("placed", 1, 0), ("routed", 2, 1), ("executed", 3, 1)),
    (
        *(("placed", 1, 0), ("routed", 2, 1), ("scheduled", 3, 1), ("due", 4, 2)),
        *(("scheduled", 5, 2), ("due", 6, 3), ("routed", 7, 3), ("failed", 8, 3)),
    ),
    (("placed", 1, 0), ("failed", 2, 1)),
    (
        *(("limit", 1, 0), ("rested", 2, 1), ("triggered", 3, 0), ("routed", 4, 1)),
        *(("rested", 5, 2), ("wish", 5, 0), ("cancelled", 6, 1)),
    ),
    (("limit", 1, 0), ("triggered", 2, 0), ("rested", 3, 1), ("expired", 4, 0)),
    (("placed", 1, 0), ("routed", 2, 1), ("wish", 2, 0), ("cancelled", 3, 1)),
    (("placed", 1, 0), ("routed", 2, 1), ("placed", 3, 0), ("executed", 4, 1)),
)
CHANGES = (
    *({"version": version} for version in (1, 2, 3, 4, 9, 10**30)),
    *({"attempt": attempt} for attempt in (1, 2, 10**12)),
    {"venue": METEORA},
    {"actor": "streams"},
    {"execution_id": "another's:1"},
    {"delay": timedelta.max},
    {"delay": timedelta.min},
    {"occurred_at": datetime.max.replace(tzinfo=EASTMOST)},
)
FIXED = {"order_id", "not_after", "client_order_id", "schema_version"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)


def _event(order_id, step, changes):
    kind, version, attempt = step
    given = {"order_id": order_id, "event_id": f"{kind}-{version}-{attempt}"}
    if kind == "cancelled":
        given["causation_id"] = f"wish-{version - 1}-0"
    if kind in {"placed", "limit"}:
        given["not_after"] = LIMITS[order_id]
        given["client_order_id"] = "mine" if order_id == NAMED else None
        given["tags"] = ("a", "b") if order_id == NAMED else ()
    if kind == "routed":
        given["execution_id"] = f"{order_id}:{1 if version in {2, 4} else 2}"
    event = STEPS[kind](version, attempt, **given)
    fitting = changes.keys() & {*type(event).__struct_fields__}
    if event.version is None:
        fitting -= {"version"}
    return replace(event, **{name: changes[name] for name in fitting})


@st.composite
def _falsified(draw, value):
    """Draw bytes that were an event once: cut, a field changed, or of another version."""
    how = draw(st.sampled_from(["cut", "field", "version", "older", "utf-16", "utf-8-sig"]))
    document = json.loads(value)
    if how == "cut":
        return value[: draw(st.integers(0, len(value)))]
    if how == "version":
        document |= {"schema_version": draw(st.sampled_from([-1, 0, True, "2", 2.0, None]))}
    elif how == "field":
        # What tells who the order is and until when its placement counts is left as it was.
        names = sorted(document.keys() - FIXED)
        document[draw(st.sampled_from(names))] = draw(JSON)
    else:
        document |= {"schema_version": 1}
        for name in ("client_order_id", "tags"):
            document.pop(name, None)
    return json.dumps(document).encode(how if how.startswith("utf") else "utf-8")


@st.composite
def _told(draw):
    """Draw one (partition, key, value) somebody may append."""
    order_id = draw(st.sampled_from(IDS))
    step = draw(st.sampled_from(draw(st.sampled_from(LIVES))))
    changes = draw(st.sampled_from(CHANGES)) if draw(st.integers(0, 3)) == 0 else {}
    event = _event(order_id, step, changes)
    if order_id == NAMED and isinstance(event, OrderPlaced):
        event = replace(event, not_after=seconds(draw(st.integers(0, 200))))
    value = encode(event)
    if draw(st.integers(0, 5)) == 0:
        value = draw(_falsified(value))
    key = draw(st.sampled_from([order_id.encode()] * 12 + [None, b"", IDS[3].encode()]))
    home = partition_of(order_id, PARTITIONS)
    partition = draw(st.sampled_from([home] * 12 + [1 - home]))
    return partition, key, draw(st.sampled_from([value] * 15 + [None]))


@st.composite
def _life(draw):
    """Draw a whole life in its own sequence, at most one of its events changed."""
    order_id, life = draw(st.sampled_from(IDS)), draw(st.sampled_from(LIVES))
    place, changes = draw(st.sampled_from([*range(len(life)), -1])), draw(st.sampled_from(CHANGES))
    home = partition_of(order_id, PARTITIONS)
    return [
        (home, order_id.encode(), encode(_event(order_id, step, changes if n == place else {})))
        for n, step in enumerate(life)
    ]


@st.composite
def stories(draw):
    """Draw the records of a log in the sequence in which a reader gets them."""
    parts = draw(st.lists(_life() | st.lists(_told(), min_size=1, max_size=4), max_size=10))
    told = [one for part in parts for one in part]
    for _ in range(draw(st.integers(0, 4)) if told else 0):
        again = draw(st.sampled_from(told))
        told.insert(draw(st.integers(0, len(told))), again)
    next_offset, records, now = Counter(), [], T0
    for partition, key, value in told:
        now += timedelta(seconds=draw(st.sampled_from([0, 0, 0, 1, 5, 15, 60, -5])))
        if draw(st.integers(0, 15)) == 0:
            records.append(marker(partition, next_offset[partition]))
            next_offset[partition] += 1
        records.append(Record(partition, next_offset[partition], key, value, now))
        next_offset[partition] += 1
    return records
