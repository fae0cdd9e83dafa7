"""Every event ever written must be read for ever, and mean what it meant.

`tests/golden/schema_N.jsonl` holds logs as schema version N wrote them: every type, every optional
member with and without a value. Files are added, never changed. A new version adds a file with
`python -m tests.support.golden`.
"""

import json
from pathlib import Path

import pytest

from orders.events import SCHEMA_VERSION, OrderEvent, OrderWish
from orders.fold import replay
from orders.state import Completed, Failed, Pending, status
from orders.upcasting import STEPS, upcast
from orders.wire import decode, encode
from tests.support.golden import GOLDEN, written_now

LOGS = sorted(GOLDEN.glob("schema_*.jsonl"), key=lambda path: int(path.stem[7:]))
ENDS = {
    "0d5e9c1a-0000-7000-8000-000000000001": Completed,
    "0d5e9c1a-0000-7000-8000-000000000002": Failed,
    "0d5e9c1a-0000-7000-8000-000000000003": Failed,
    "0d5e9c1a-0000-7000-8000-000000000004": Pending,
}


def lines(log: Path) -> list[bytes]:
    return log.read_bytes().splitlines()


def histories(log: Path) -> dict[str, list]:
    found: dict[str, list] = {}
    for line in lines(log):
        event = decode(line)
        found.setdefault(event.order_id, []).append(event)
    return found


def still_told(old, new) -> bool:
    if isinstance(old, dict):
        return all(still_told(value, new[name]) for name, value in old.items())
    if isinstance(old, list):
        return len(old) == len(new) and all(map(still_told, old, new))
    return old == new


def test_there_is_a_log_of_every_version():
    assert [int(log.stem[7:]) for log in LOGS] == list(range(1, SCHEMA_VERSION + 1))
    assert len(STEPS) == SCHEMA_VERSION - 1


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_an_old_log_tells_the_same_story(log):
    orders = {order_id: replay(events) for order_id, events in histories(log).items()}
    for order_id, end in ENDS.items():
        assert type(orders[order_id]) is end
    told = {
        order_id: [status(order), order.version, order.attempts]
        for order_id, order in orders.items()
    }
    assert told == json.loads(log.with_suffix(".story.json").read_text())


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_a_log_holds_every_type_its_version_knew(log):
    told = {json.loads(line)["type"] for line in lines(log)}
    bases = (OrderEvent, OrderWish)
    known = {kind.__name__ for base in bases for kind in base.__subclasses__()}
    assert told <= known
    assert log is not LOGS[-1] or told == known


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_no_member_of_an_old_event_is_lost(log):
    for line in lines(log):
        old = json.loads(line)
        new = json.loads(encode(decode(line)))
        assert still_told({**old, "schema_version": SCHEMA_VERSION}, new)


def test_the_newest_log_is_what_this_version_writes():
    assert lines(LOGS[-1]) == written_now()


def test_raising_a_document_changes_nothing_of_the_original():
    document = {"type": "OrderPlaced", "schema_version": 1}
    raised = upcast(document, 1)
    assert raised["client_order_id"] is None
    assert raised["tags"] == []
    assert raised["schema_version"] == SCHEMA_VERSION
    assert document == {"type": "OrderPlaced", "schema_version": 1}
