"""The API with its neighbours in memory."""

import pytest

from tests.support.api import running_api


@pytest.fixture
async def api():
    async with running_api() as running:
        yield running
