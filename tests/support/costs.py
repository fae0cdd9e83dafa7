"""What orders cost the code alone: no broker, no database, no socket; CPU time of this process."""

import asyncio
import json
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from bench.baselines import noop_route
from bench.histories import life_of
from bench.suite.load import ORDER, SINGLE
from orders.admission import Record, admit
from orders.retry import RetryPolicy
from orders.topics import Topics
from orders.wire import decode, encode
from projections.batch import NEVER_SEEN, Reading, project
from runtime.appender import Appended
from runtime.garbage import collect_rarely
from streams.clock import BrokerClock
from streams.log import Log
from streams.market import Hearing, MarketView
from streams.own import OwnEvents
from streams.partition import Partition
from streams.process import OrderProcess
from streams.resting import RestingOrders
from streams.work import Work
from tests.support.api import in_memory
from tests.support.fakes import FakeVenue

ORDERS, ROUNDS = 500, 8
WRITTEN = 2
"""Of the events of an order those that the worker writes; it reads them all."""


def worker_ratio() -> float:
    """Return what a worker does for an order, beside decoding and encoding its events."""
    return _least(lambda: asyncio.run(_executed()), lambda: _wire(WRITTEN))


def projector_ratio() -> float:
    """Return what the projector does for its rows, beside decoding the events."""
    return _least(_projected, lambda: _wire(0))


def api_ratio() -> float:
    """Return what the application does for a placement, beside a route that appends nothing."""
    return _least(lambda: asyncio.run(_placed()), lambda: asyncio.run(_taken(noop_route.app)))


def _least(work: Callable[[], float], base: Callable[[], float]) -> float:
    """The least of each: what disturbs a round makes it dearer, never cheaper."""
    collect_rarely()
    works, bases = zip(*((work(), base()) for _ in range(ROUNDS)), strict=True)
    return min(works) / min(bases)


class _Broker:
    """One partition in memory: what is appended is there to be read at once."""

    def __init__(self) -> None:
        self.records: deque[Record] = deque()
        self._offsets = count()

    def put(self, key: bytes, value: bytes) -> Appended:
        offset, now = next(self._offsets), datetime.now(UTC)
        self.records.append(Record(0, offset, key, value, now))
        return Appended(0, offset, now)

    async def append(self, _topic, _partition, key, value, _headers=()) -> Appended:
        return self.put(key, value)


async def _executed() -> float:
    broker, ids = _Broker(), count()
    clock = BrokerClock(lambda: datetime.now(UTC), time.monotonic)
    venues = {venue.name: venue for venue in (FakeVenue("RAYDIUM"), FakeVenue("METEORA"))}
    process = OrderProcess(venues, RetryPolicy(), clock, lambda: f"{next(ids):032x}")
    own = OwnEvents()
    work = Work(process, Log(broker, Topics(), 1, own), ORDERS, _crash)
    market = MarketView(Hearing(time.monotonic).is_silent)
    resting = RestingOrders(market, lambda _: Decimal(1), work.lane, work.probes)
    partition = Partition(1, clock, work.reactions, work.lane, resting, own.decode)
    partition.go_live()
    for order_id in _ids():
        broker.put(order_id.encode(), encode(next(life_of(order_id))))
    began, read = time.process_time(), 0
    while read < ORDERS * (1 + WRITTEN):
        while broker.records:
            partition.read(broker.records.popleft())
            read += 1
        await asyncio.sleep(0)
    assert not partition.open_orders
    return time.process_time() - began


async def _crash(error: BaseException) -> None:
    raise error


def _wire(written: int) -> float:
    lives = [[encode(event) for event in life_of(order_id)] for order_id in _ids()]

    def decode_and_encode() -> None:
        for life in lives:
            events = [decode(value) for value in life]
            for event in events[len(events) - written :]:
                encode(event)

    return _cpu(decode_and_encode)


def _projected() -> float:
    records = [
        Record(0, offset, event.order_id.encode(), encode(event), event.occurred_at)
        for offset, event in enumerate(event for order_id in _ids() for event in life_of(order_id))
    ]
    known = {record.key.decode(): NEVER_SEEN for record in records}

    def fold() -> None:
        readings = [Reading(record, admit(record, 1)) for record in records]
        batch = project(readings, known, count(1))
        assert len(batch.events) == len(records)

    return _cpu(fold)


async def _placed() -> float:
    app, neighbours = in_memory()
    async with app.router.lifespan_context(app):
        took = await _taken(app)
    assert len(neighbours.log.events) == ORDERS
    return took


async def _taken(app) -> float:
    """Send placements to an application, one after the other, without a network."""
    body = json.dumps(ORDER).encode()
    headers = [(b"host", b"api"), (b"content-type", b"application/json")]
    headers.append((b"content-length", b"%d" % len(body)))
    about = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http"}
    place = {"path": SINGLE, "raw_path": SINGLE.encode(), "query_string": b"", "root_path": ""}
    statuses: Counter[int] = Counter()

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        statuses[message.get("status", 0)] += 1

    began = time.process_time()
    for _ in range(ORDERS):
        ends = {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "extensions": {}}
        await app({**about, **place, **ends, "headers": headers, "state": {}}, receive, send)
    assert statuses[202] == ORDERS, statuses
    return time.process_time() - began


def _ids() -> list[str]:
    return [str(uuid.uuid4()) for _ in range(ORDERS)]


def _cpu(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
