"""Reads of the API from the database itself."""

import pytest
from psycopg.rows import tuple_row

from api.database import Database, Question

pytestmark = [pytest.mark.integration, pytest.mark.timeout(60)]

ASKED = Question("select 1", {}, tuple_row)


@pytest.fixture
async def database(database_url):
    opened = Database(database_url, 1)
    await opened.open()
    yield opened
    await opened.close()


async def test_a_connection_that_was_left_in_its_pipeline_answers_nobody(database):
    async with database._pool.connection() as left:
        entered = left.pipeline()
        await entered.__aenter__()
    # In a pipeline this is no transaction of its own: the next read's would begin within it.
    assert await database.glance(lambda _: "select 'projection_1'", {}) == [("projection_1",)]
    assert await database.read(ASKED) == [[(1,)]]
    async with database._pool.connection() as another:
        assert another is not left
