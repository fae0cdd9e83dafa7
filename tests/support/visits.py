"""WebSockets of an engine that asks for tokens, as tests open them."""

from contextlib import asynccontextmanager

import websockets

from tests.support.api import in_memory, serving
from tests.support.bearers import JWT, bearing
from tests.support.builders import ORDER_ID
from tests.support.log import eventually
from tests.support.talks import Client, World

PATHS = ("/ws", "/ws?userId=ann", f"/ws/{ORDER_ID}")


@asynccontextmanager
async def served(clock, **settings):
    app, neighbours = in_memory(clock=clock, **{**JWT, "rate_limit_reads": 0, **settings})
    async with serving(app) as url:
        world = World(url, neighbours, app)
        world.two_orders()
        yield world


@asynccontextmanager
async def connected(world, path="/ws", text=None, **more):
    """Connect with a token in the header, if there is one."""
    headers = bearing(text) if text else {}
    address = world.url.removesuffix("/ws") + path
    async with websockets.connect(address, additional_headers=headers, **more) as socket:
        yield Client(socket)


async def nobody_is_counted(world):
    async def nobody():
        return not world.app.state.parts.access.crowd._here

    await eventually(nobody, 10)


async def ends(client, code):
    """Return what the client is told until it is closed with this code."""
    told = await client.rest()
    assert client.socket.close_code == code
    return told
