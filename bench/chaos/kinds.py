"""What became of the orders of each kind, as the tables tell; and ending those that still rest."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import psycopg

from bench.engine import NotInTime
from bench.load import Answer

Became = Mapping[str, Mapping[str, int]]

EXERCISED: Mapping[str, tuple[str, ...]] = {
    "market": ("completed",),
    "limit": ("completed", "cancelled", "amended"),
    "sniper": ("completed", "cancelled"),
    "expiring": ("expired",),
    "ioc": ("completed", "failed"),
}
"""What a campaign must have seen of each kind to tell anything."""

WAITING = ("limit", "sniper")
PATIENCE_S = 60
AGAIN_S = 0.5

_SCHEMA = "select set_config('search_path', schema_name, false) from public.projection_pointer"
_ENDED = "select order_id, status from orders where order_id = any(%s)"
_MOVED = """
select order_id, type, count(*) from order_events
where order_id = any(%s) and type in ('OrderAmended', 'OrderTriggered') and not superseded
group by 1, 2
"""
_RESTING = "select coalesce(sum(n), 0) from order_counts where scope = 'status' and key = 'open'"


def end_those_that_rest(url: str, database_url: str) -> None:
    """Cancel what waits for the market until nothing does. Raises `NotInTime`."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with suppress(psycopg.Error, OSError, HTTPException):
            for kind in WAITING:
                _cancel_all(url, kind)
            with _tables(database_url) as connection:
                if connection.execute(_RESTING).fetchone() == (0,):
                    return
        if time.monotonic() > deadline:
            raise NotInTime(f"not within {PATIENCE_S} s: nothing rests any more")
        time.sleep(AGAIN_S)


def became(database_url: str, answers: Iterable[Answer]) -> Became:
    """Return, for each kind, how many were placed, ended how, were amended and fired."""
    kinds = {one.order_id: one.wish.kind for one in answers if one.order_id}
    told: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with _tables(database_url) as connection:
        for order_id, status in connection.execute(_ENDED, [[*kinds]]):
            told[kinds[order_id]].update(("placed", status))
        for order_id, event, count in connection.execute(_MOVED, [[*kinds]]):
            word = event.removeprefix("Order").lower()
            told[kinds[order_id]].update((word, f"{word} again")[: 1 + (count > 1)])
    return told


def never(told: Became) -> list[str]:
    """Return what a campaign was to see and has not: nothing was shown of that."""
    return [
        f"{kind} {word}"
        for kind, words in EXERCISED.items()
        for word in words
        if not told.get(kind, {}).get(word)
    ]


def _cancel_all(url: str, kind: str) -> None:
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)) as connection:
        body = json.dumps({"all": True, "orderType": kind})
        connection.request("POST", "/api/orders/cancel", body, {"content-type": "application/json"})
        connection.getresponse().read()


def _tables(database_url: str) -> psycopg.Connection:
    connection = psycopg.connect(database_url, autocommit=True, connect_timeout=5)
    connection.execute(_SCHEMA)
    return connection
