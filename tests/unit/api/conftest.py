"""The API with its neighbours in memory."""

import pytest

from tests.support.api import running_api

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
