"""The API with its neighbours in memory, and how to run and serve it in a test."""

import asyncio
import itertools
import socket
from contextlib import asynccontextmanager

import httpx
import uvicorn

from api.app import create_app
from api.heads import HttpProtocol
from api.parts import Neighbours, Sources
from api.settings import ApiSettings
from api.store import Store
from api.upgrades import SocketProtocol
from local.ports import listen
from orders.values import Liquidity, Tick
from tests.support.api_log import PARTITIONS, MemoryLog
from tests.support.api_memory import MemoryReadModel
from tests.support.builders import T0
from tests.support.storages import storage

NARROW = 4096
PLACING = ("/api/orders/execute", "/orders", "/api/orders")
"""The routes that place an order."""


class MemoryMarket:
    """A market that tells what a test tells it, to every application that follows it."""

    def __init__(self):
        self._listeners = []

    async def follow(self, listener, known, silence):
        self._listeners.append((listener, silence))
        known.set()
        await asyncio.get_running_loop().create_future()

    def tell(self, *told):
        for one in told:
            for listener, silence in self._listeners:
                _hear(listener, silence, one)


def _hear(listener, silence, one):
    if isinstance(one, Tick):
        silence.heard()
        listener.tick(one)
    elif isinstance(one, Liquidity):
        listener.liquidity(one)
    else:
        listener.moved(one)


class Api:
    """A running application, its neighbours in memory, and a client of it."""

    def __init__(self, app, log, read_model, http, market):
        self.app = app
        self.log = log
        self.read_model = read_model
        self.http = http
        self.market = market

    async def place(self, **changes):
        body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, **changes}
        return await self.http.post("/api/orders/execute", json=body)


def neighbours_in_memory():
    """Return a log and a projection of it, for one application or for several."""
    log = MemoryLog()
    market = MemoryMarket()
    return Neighbours(log, MemoryReadModel(log), Store(storage(), shared=False), market.follow)


def in_memory(neighbours=None, first_id=1, clock=lambda: T0, **settings):
    """Return an application that is not started, and its neighbours."""
    neighbours = neighbours or neighbours_in_memory()

    @asynccontextmanager
    async def connect(_settings):
        yield neighbours

    ids = (f"00000000-0000-4000-8000-{number:012x}" for number in itertools.count(first_id))
    failures = []
    app = create_app(
        ApiSettings(partitions=PARTITIONS, **{"read_patience_ms": 200, **settings}),
        Sources(clock, lambda: next(ids), failures.append),
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
        http=HttpProtocol,
        ws=SocketProtocol,
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
async def running_api(neighbours=None, **settings):
    """Run the application for the length of the block, without a network."""
    app, neighbours = in_memory(neighbours, **settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api") as http,
    ):
        market = neighbours.follow.__self__
        yield Api(app, neighbours.log, neighbours.read_model, http, market)
