"""An independent reading of what happened: the log as plain JSON, the tables, the chain's ledger.

Shares no code with the fold that it checks.
"""

import json
from collections import Counter
from datetime import datetime
from decimal import Decimal

import psycopg
from psycopg.rows import dict_row

from tests.support.log import read_log

STATUS = {
    "OrderPlaced": "pending",
    "OrderRouted": "executing",
    "OrderRetryScheduled": "executing",
    "OrderRetryDue": "executing",
    "OrderExecuted": "completed",
    "OrderFailed": "failed",
}
FINAL = {"completed", "failed"}
ACTIVE = "select set_config('search_path', schema_name, true) from public.projection_pointer"
COUNTS = "select scope, key, n from order_counts where n <> 0"
RECOUNT = """
select 'all', '', count(*) from orders having count(*) > 0
union all select 'status', status, count(*) from orders group by status
union all select 'user', user_id, count(*) from orders where user_id is not null group by user_id
union all select 'unfinished', '', count(*) from orders
where status not in ('completed', 'failed') having count(*) > 0
"""


class Story:
    """What the log says of one order, the first event with each version counting."""

    def __init__(self):
        self.events = []
        self.superseded = []

    def tell(self, event, place):
        final = self.events and STATUS[self.events[-1]["type"]] in FINAL
        self.superseded.append((place, final or event["version"] <= len(self.events)))
        if not self.superseded[-1][1]:
            assert event["version"] == len(self.events) + 1, event
            self.events.append(event)

    @property
    def status(self):
        return STATUS[self.events[-1]["type"]]

    @property
    def row(self):
        """Return the columns of `orders` that the order must have."""
        last = self.events[-1]
        fill = last.get("fill") or {}
        tried = [event["attempt"] for event in self.events if _is_try(event)]
        tried.append(last.get("attempts", 0))
        return {
            "status": self.status,
            "version": len(self.events),
            "attempts": max(tried),
            "tx_hash": fill.get("tx_hash"),
            "amount_out": _decimal(fill.get("amount_out")),
            "executed_price": _decimal(fill.get("executed_price")),
        }


async def read_stories(kafka, topic, partitions):
    """Return the story of every order in the log, by order id; late placements are void."""
    stories = {}
    for record in await read_log(kafka, topic, partitions):
        event = json.loads(record.value)
        if "not_after" in event and record.appended_at > datetime.fromisoformat(event["not_after"]):
            continue
        story = stories.setdefault(event["order_id"], Story())
        story.tell(event, (record.partition, record.offset))
    return stories


def assert_tables_tell(stories, database_url):
    """Fail unless `orders` and `order_events` say exactly what the log says."""
    rows = {row["order_id"]: row for row in _rows(database_url, "select * from orders")}
    assert rows.keys() == stories.keys()
    for order_id, story in stories.items():
        assert {name: rows[order_id][name] for name in story.row} == story.row, order_id
        assert (rows[order_id]["state"] is None) == (story.status in FINAL), order_id
    assert_counts_agree(database_url)
    events = _rows(database_url, 'select *, "offset" as place from order_events order by seq')
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    told = {(event["partition"], event["place"]): event["superseded"] for event in events}
    assert len(told) == len(events)
    assert told == dict(pair for story in stories.values() for pair in story.superseded)


def assert_counts_agree(database_url):
    """Fail unless `order_counts` is what counting the orders gives."""
    with psycopg.connect(database_url) as connection:
        connection.execute(ACTIVE)
        counted = connection.execute(RECOUNT).fetchall()
        assert sorted(connection.execute(COUNTS)) == sorted(counted)


def assert_ledger_agrees(stories, chain_url):
    """Fail unless each order settled at most once, exactly as the log says."""
    settled = {
        row["execution_id"]: row
        for row in _rows(chain_url, "select * from chain_ledger", active=False)
        if row["status"] == "settled"
    }
    per_order = Counter(execution_id.rsplit(":", 1)[0] for execution_id in settled)
    assert all(count == 1 for count in per_order.values()), per_order.most_common(3)
    completed = {order_id for order_id, story in stories.items() if story.status == "completed"}
    assert set(per_order) == completed
    for order_id in completed:
        _assert_same_money(stories[order_id].events, settled)


def _assert_same_money(events, settled):
    routed = [event for event in events if event["type"] == "OrderRouted"][-1]
    fill, entry = events[-1]["fill"], settled[routed["execution_id"]]
    for name in ("amount_in", "amount_out", "executed_price", "fee"):
        assert Decimal(fill[name]) == entry[name], (events[-1]["order_id"], name)
    assert fill["tx_hash"] == entry["signature"]
    assert Decimal(fill["amount_out"]) >= Decimal(routed["min_amount_out"])


def _rows(url, query, *, active=True):
    with psycopg.connect(url, row_factory=dict_row) as connection:
        if active:
            connection.execute(ACTIVE)
        return connection.execute(query).fetchall()


def _is_try(event):
    return event["type"] in {"OrderRouted", "OrderRetryScheduled"}


def _decimal(text):
    return None if text is None else Decimal(text)
