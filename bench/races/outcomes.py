"""How orders ended, as the log, the table, the ledger and the feed tell: all of them the same."""

import asyncio
import json
import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import Self
from urllib.parse import urlencode, urlsplit

import psycopg

from audit.log import open_log
from audit.replay import Choice, replayed
from audit.rows import status_of
from audit.story import Story
from bench.engine import wait_for
from local.state import RunningEngine
from orders.events import OrderAmended, OrderPlaced
from orders.topics import Topics

ENDS = {
    "OrderExecuted": "completed",
    "OrderFailed": "failed",
    "OrderCancelled": "cancelled",
    "OrderExpired": "expired",
}
HEARD_WITHIN_S = 30
_TIMEOUT_S = 30
_SETTLED = """
select split_part(execution_id, ':', 1), count(*) from chain_ledger
where status = 'settled' group by 1
"""


class Feed:
    """Follows the feed of all orders from its beginning on, and hears how they end."""

    def __init__(self, url: str) -> None:
        self.ends: defaultdict[str, list[str]] = defaultdict(list)
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT_S)
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        """Begin to listen."""
        wanted = urlencode({"follow": "true", "types": ",".join(ENDS)})
        headers = {"Accept": "application/x-ndjson"}
        self._connection.request("GET", f"/api/events?{wanted}", headers=headers)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Hang up."""
        with suppress(OSError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._connection.close()

    def until_heard(self, order_ids: Sequence[str]) -> Mapping[str, list[str]]:
        """Return what was heard once these orders have ended. Raises `NotInTime`."""
        wait_for(
            lambda: all(one in self.ends for one in order_ids),
            HEARD_WITHIN_S,
            "the feed tells how all of them ended",
        )
        return self.ends

    def _read(self) -> None:
        with suppress(OSError, HTTPException, ValueError):
            answer = self._connection.getresponse()
            while line := answer.readline():
                told = json.loads(line)
                if told["type"] in ENDS:
                    self.ends[told["orderId"]].append(ENDS[told["type"]])


class Stories:
    """What the log tells of every order: how it ended, and how often it was amended."""

    def __init__(self) -> None:
        self.amended: Counter[str] = Counter()
        self._told: dict[str, Story] = {}

    def status(self, order_id: str) -> str | None:
        """Return the word people see, None for an order that the log does not know."""
        story = self._told.get(order_id)
        return status_of(story) if story else None

    @classmethod
    def read(cls, engine: RunningEngine) -> Self:
        """Return them as the log is now."""
        stories = cls()
        asyncio.run(stories._read(engine))
        return stories

    async def _read(self, engine: RunningEngine) -> None:
        async with open_log(engine.kafka, Topics(engine.topic_prefix).events) as log:
            async for lines in replayed(log, Choice()):
                for record, event, flaw, _ in lines:
                    if event is None or flaw is not None:
                        continue
                    story = self._told.get(event.order_id)
                    if story is None:
                        if isinstance(event, OrderPlaced):
                            told = Story(event, record.offset, record.appended_at)
                            self._told[event.order_id] = told
                    elif not story.hear(event, record.appended_at):
                        self.amended[event.order_id] += isinstance(event, OrderAmended)


def differences(
    engine: RunningEngine, table: Mapping[str, str], stories: Stories, feed: Feed
) -> list[str]:
    """Return a sentence for each order of which not all tell the same one end."""
    heard = feed.until_heard([*table])
    with psycopg.connect(engine.chain_url, autocommit=True) as connection:
        settled: dict[str, int] = dict(connection.execute(_SETTLED).fetchall())
    found = []
    for order_id, status in table.items():
        log, times = stories.status(order_id), settled.get(order_id, 0)
        told = (log, times, heard[order_id])
        if told != (status, int(status == "completed"), [status]):
            seen = f"log {log}, table {status}, settled {times} times, feed {heard[order_id]}"
            found.append(f"order {order_id}: {seen}")
    return found
