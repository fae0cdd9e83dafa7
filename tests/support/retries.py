"""How long retries waited, by the broker's own time."""

import json

from tests.support.log import read_log
from tests.support.servers import TEST_PARTITIONS


async def waits_of_retries(kafka: str, topic: str, order_ids: list[str]) -> list[tuple]:
    """Return (delay, time between its scheduling and its end) of every retry, in seconds."""
    first: dict[tuple[str, int], tuple] = {}
    for record in await read_log(kafka, topic, TEST_PARTITIONS):
        event = json.loads(record.value or b"{}")
        if event["order_id"] in order_ids:
            place = (event["order_id"], event["version"])
            first.setdefault(place, (event, record.appended_at))
    waits = []
    for (order_id, version), (event, due_at) in first.items():
        if event["type"] == "OrderRetryDue":
            scheduled, since = first[order_id, version - 1]
            waits.append((_seconds(scheduled["delay"]), (due_at - since).total_seconds()))
    return waits


def _seconds(duration: str) -> float:
    """Return the length of a duration such as PT2S."""
    return float(duration.removeprefix("PT").removesuffix("S"))
