"""An empty world for each test of the audit."""

import uuid

import pytest

from tests.integration.audit.world import World, create_timed_topic


@pytest.fixture
async def world(kafka, topic_prefix, database_url, chain_url) -> World:
    """Return an empty world whose log takes the times of its writers."""
    one = World(kafka, topic_prefix, database_url, chain_url)
    await create_timed_topic(kafka, one.topic)
    return one


@pytest.fixture
async def order_id(world):
    """Return the id of an executed order among others."""
    ids = await world.live(3)
    return ids[1]


@pytest.fixture
def fresh_id():
    return str(uuid.uuid4())


@pytest.fixture
def listed(tmp_path, fresh_id):
    """Return a file that names the fresh order."""
    file = tmp_path / "ids.txt"
    file.write_text(f"{fresh_id}\n")
    return file
