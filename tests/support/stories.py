"""What the log says of each order, read as plain JSON: for tests that ask how an order went."""

import json
from datetime import datetime
from decimal import Decimal

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


def _is_try(event):
    return event["type"] in {"OrderRouted", "OrderRetryScheduled"}


def _decimal(text):
    return None if text is None else Decimal(text)
