"""The API with its neighbours in memory."""

import pytest
import websockets

from tests.support.api import in_memory, running_api, serving
from tests.support.talks import Client, World

NAMED = {"userId": "alice", "clientOrderId": "my-1"}


@pytest.fixture
async def api():
    async with running_api() as running:
        yield running


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
