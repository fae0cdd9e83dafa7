"""The API with its neighbours in memory."""

import pytest
import websockets

from tests.support.api import in_memory, running_api, serving
from tests.support.bearers import JWT, TRADER, Clock, bearing, token
from tests.support.builders import executed, limit, placed, rested, routed
from tests.support.talks import OTHER, OTHER_ID, THIRD_ID, Client, World

NAMED = {"userId": "alice", "clientOrderId": "my-1"}


@pytest.fixture
async def api():
    async with running_api() as running:
        yield running


@pytest.fixture
def resting(api):
    """An API that has one order of ann, a limit order at rest."""
    api.log.write(placed(terms=limit(), user_id="ann"), rested(2))
    api.read_model.project()
    return api


@pytest.fixture
def place(api):
    """Place the order that alice calls my-1; the projection follows the log at once."""
    api.log.appended = api.read_model.project

    async def post(**changes):
        return await api.place(**{**NAMED, **changes})

    return post


@pytest.fixture
async def world():
    app, neighbours = in_memory()
    async with serving(app) as url:
        yield World(url, neighbours, app)


@pytest.fixture
async def client(world):
    async with websockets.connect(world.url) as socket:
        one = Client(socket)
        hello = await one.told()
        assert (hello["type"], hello["heartbeatSeconds"]) == ("hello", 5)
        yield one


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def guarded(clock):
    """An API that asks for tokens, with an order of ann, one of bob and one of nobody."""
    limits = {"rate_limit_orders": 0, "rate_limit_reads": 0}
    async with running_api(clock=clock, **JWT, **limits) as running:
        running.log.appended = running.read_model.project
        running.log.write(placed(user_id="ann"), routed(2), executed(3))
        running.log.write(placed(order_id=OTHER_ID, user_id="bob"), routed(2, **OTHER))
        running.log.write(placed(order_id=THIRD_ID))
        running.read_model.project()
        yield running


@pytest.fixture
def ask(guarded):
    """Send a request as a user with a scope."""

    async def send(method, path, user="ann", scope=TRADER, **more):
        headers = {**bearing(token(user, scope)), **more.pop("headers", {})}
        return await guarded.http.request(method, path, headers=headers, **more)

    return send


@pytest.fixture
async def document(api):
    return (await api.http.get("/openapi.json")).json()
