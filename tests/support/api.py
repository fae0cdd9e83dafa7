"""The API with its neighbours in memory: a log that can go away, a projection that can lag."""

import asyncio
import itertools
import socket
from collections import defaultdict
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import uvicorn

from api.app import create_app
from api.parts import Neighbours, Sources
from api.ports import (
    Change,
    Changes,
    EventRow,
    LogAway,
    OrderRow,
    Page,
    ReadModelAway,
    Seen,
)
from api.settings import ApiSettings
from local.ports import listen
from orders import state
from orders.fold import evolve
from orders.state import UNPLACED, Completed, Failed, Waiting
from orders.topics import partition_of
from orders.wire import decode, encode
from runtime.appender import Appended
from tests.support.builders import T0

PARTITIONS = 4
NARROW = 4096


class MemoryLog:
    """A log that appends at once, or is away."""

    def __init__(self):
        self.records = defaultdict(list)
        self.away = False
        self.delay = timedelta()
        self.asked = 0

    async def append(self, order_id, value):
        if self.away:
            raise LogAway("it is away")
        partition = partition_of(order_id, PARTITIONS)
        self.records[partition].append(value)
        return Appended(partition, len(self.records[partition]) - 1, T0 + self.delay)

    async def ends(self):
        self.asked += 1
        if self.away:
            raise LogAway("it is away")
        return {number: len(self.records[number]) for number in range(PARTITIONS)}

    def write(self, *events):
        """Put events there as another process would."""
        for event in events:
            self.records[partition_of(event.order_id, PARTITIONS)].append(encode(event))

    @property
    def events(self):
        return [decode(value) for values in self.records.values() for value in values]


class MemoryReadModel:
    """A projection that knows the log up to where it was last told to read."""

    def __init__(self, log):
        self._log = log
        self._offsets = dict.fromkeys(range(PARTITIONS), 0)
        self._orders = defaultdict(lambda: UNPLACED)
        self._events = []
        self._wakes = asyncio.Queue()
        self.away = False
        self.epoch = "one"

    def project(self):
        """Read the log to its end, and tell whoever listens."""
        for partition, values in self._log.records.items():
            for value in values[self._offsets[partition] :]:
                self._apply(decode(value))
            self._offsets[partition] = len(values)
        self._wakes.put_nowait(None)

    def _apply(self, event):
        before = self._orders[event.order_id]
        self._orders[event.order_id] = evolve(before, event)
        superseded = self._orders[event.order_id] == before
        self._events.append((len(self._events) + 1, event, superseded))

    def _present(self):
        if self.away:
            raise ReadModelAway("it is away")

    async def order(self, order_id):
        self._present()
        order = self._orders.get(order_id)
        return Seen(order and row_of(order), self._offset(order_id))

    async def events(self, order_id):
        self._present()
        rows = [
            EventRow(
                seq=seq,
                version=event.version,
                type=event.type,
                superseded=superseded,
                occurred_at=event.occurred_at,
                appended_at=event.occurred_at,
                data=encode(event).decode(),
            )
            for seq, event, superseded in self._events
            if event.order_id == order_id
        ]
        return Seen(rows or None, self._offset(order_id))

    async def page(self, wanted, limit, after):
        self._present()
        rows = sorted(map(row_of, self._orders.values()), key=_place, reverse=True)
        rows = [
            row
            for row in rows
            if wanted.status in {None, row.status} and wanted.user_id in {None, row.user_id}
        ]
        beyond = [row for row in rows if after is None or _place(row) < _place(after)]
        return Page(beyond[:limit], len(rows))

    async def next_offsets(self):
        self._present()
        return dict(self._offsets)

    async def changes(self, after, followed):
        self._present()
        await asyncio.sleep(0)
        head = len(self._events)
        changes = [
            self._change(seq, event)
            for seq, event, superseded in self._events
            if after is not None and seq > after and not superseded
        ]
        wanted = [
            change
            for change in changes
            if change.order_id in followed.order_ids or change.user_id in followed.user_ids
        ]
        return Changes(self.epoch, head, head, dict(self._offsets), wanted)

    async def wakes(self):
        while True:
            await self._wakes.get()
            yield

    def _change(self, seq, event):
        order = self._orders[event.order_id]
        last = order.version == event.version
        early = "pending" if event.type == "OrderPlaced" else "executing"
        return Change(
            seq=seq,
            order_id=event.order_id,
            user_id=order.placement.user_id,
            version=event.version,
            status=state.status(order) if last else early,
            event=event,
        )

    def _offset(self, order_id):
        return self._offsets[partition_of(order_id, PARTITIONS)]


def row_of(order):
    """Return a folded order as the projection's table has it."""
    fill = order.fill if isinstance(order, Completed) else None
    reason = order.reason if isinstance(order, Failed | Waiting) else None
    terms = order.placement.terms
    return OrderRow(
        order_id=order.placement.order_id,
        user_id=order.placement.user_id,
        order_type=terms.order_type,
        token_in=terms.token_in,
        token_out=terms.token_out,
        amount=terms.amount,
        slippage=terms.slippage,
        status=state.status(order),
        selected_dex=getattr(order, "venue", None),
        executed_price=fill and fill.executed_price,
        amount_out=fill and fill.amount_out,
        tx_hash=fill and fill.tx_hash,
        attempts=order.attempts,
        next_retry_at=order.due_at if isinstance(order, Waiting) else None,
        error_code=reason and reason.code,
        error_reason=reason and reason.message,
        version=order.version,
        created_at=order.placement.placed_at,
        updated_at=order.updated_at,
    )


def _place(row):
    return row.created_at, row.order_id


class Api:
    """A running application, its neighbours in memory, and a client of it."""

    def __init__(self, app, log, read_model, http):
        self.app = app
        self.log = log
        self.read_model = read_model
        self.http = http

    async def place(self, **changes):
        body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, **changes}
        return await self.http.post("/api/orders/execute", json=body)


def in_memory(**settings):
    """Return an application that is not started, and its neighbours."""
    log = MemoryLog()
    neighbours = Neighbours(log, MemoryReadModel(log))

    @asynccontextmanager
    async def connect(_settings):
        yield neighbours

    ids = (f"00000000-0000-4000-8000-{number:012x}" for number in itertools.count(1))
    failures = []
    app = create_app(
        ApiSettings(partitions=PARTITIONS, **{"read_patience_ms": 200, **settings}),
        Sources(lambda: T0, lambda: next(ids), failures.append),
        connect,
    )
    app.state.failures = failures
    return app, neighbours


class _Server(uvicorn.Server):
    def __init__(self, config):
        super().__init__(config)
        self.serves = asyncio.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.serves.set()


@asynccontextmanager
async def serving(app):
    """Serve an application over real sockets, narrow ones, and yield its URL."""
    listening = listen("127.0.0.1", 0)
    # A client that does not read is soon felt.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, NARROW)
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        log_config=None,
        ws_per_message_deflate=False,
        ws_max_size=1000,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.wait_for(server.serves.wait(), 10)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def running_api(**settings):
    """Run the application for the length of the block, without a network."""
    app, neighbours = in_memory(**settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api") as http,
    ):
        yield Api(app, neighbours.log, neighbours.read_model, http)
