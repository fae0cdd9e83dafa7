"""The tables: made once, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from projections import schema
from projections.schema import WrongPartitions

pytestmark = pytest.mark.integration


@pytest.fixture
def empty(empty_database):
    return empty_database.url


def rows(url, query):
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_every_partition_begins_at_offset_0(empty):
    schema.create(empty, 3)
    offsets = "select * from projection_1.projection_offsets order by partition"
    assert rows(empty, offsets) == [(0, 0), (1, 0), (2, 0)]
    pointer = "select id, schema_name, partitions from projection_pointer"
    assert rows(empty, pointer) == [(1, "projection_1", 3)]


def test_creating_again_changes_nothing(empty):
    schema.create(empty, 3)
    before = rows(empty, "select epoch from projection_pointer")
    schema.create(empty, 3)
    assert rows(empty, "select epoch from projection_pointer") == before


def test_many_may_create_at_once(empty):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: schema.create(empty, 3), range(8)))
    assert rows(empty, "select count(*) from projection_1.projection_offsets") == [(3,)]


def test_tables_for_another_number_of_partitions_are_refused_with_a_way_out(empty):
    schema.create(empty, 3)
    with pytest.raises(WrongPartitions, match="set ENGINE_PARTITIONS=3"):
        schema.create(empty, 4)


def test_nobody_waits_for_a_projector_that_stands_still(empty):
    schema.create(empty, 3)
    with psycopg.connect(empty) as still:
        still.execute("select * from projection_lease for update")
        still.execute("lock table projection_1.orders in row exclusive mode")
        schema.create(f"{empty}?options=-cstatement_timeout%3D2000", 3)
