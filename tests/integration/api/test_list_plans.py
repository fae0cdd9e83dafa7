"""How lists are read: along one index, and no further than a page may go."""

import psycopg
import pytest

from api import list_sql
from api.list_queries import ALONG_AN_INDEX
from bench.list_rows import fill
from bench.lists import lists
from projections import schema
from tests.support.servers import new_database

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

ORDERS = 20_000
LISTS = dict(lists(ORDERS))
SCANS = {"Index Scan", "Index Only Scan"}


@pytest.fixture(scope="module", params=["as made", "analyzed"])
def reading(postgres, request):
    """Return a connection to tables with many orders, set as the API's is."""
    with new_database(postgres) as url:
        schema.create(url, 4)
        fill(url, ORDERS)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("set search_path to projection_1")
            if request.param == "analyzed":
                connection.execute("vacuum analyze")
            connection.execute(ALONG_AN_INDEX.sql.replace("true", "false"))
            yield connection


def nodes_of(plan):
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes_of(child))]


@pytest.mark.parametrize("name", LISTS)
def test_a_page_is_read_along_an_index_and_no_further_than_it_may(reading, name):
    asked = LISTS[name](1)
    for path in list_sql.paths(asked.wanted):
        question = list_sql.page(asked.wanted, path, asked.place).as_string(reading)
        values = list_sql.parameters(asked.wanted, asked.place, asked.limit)
        explained = reading.execute(f"explain (analyze, format json) {question}", values)
        nodes = nodes_of(explained.fetchone()[0][0]["Plan"])
        read = [node for node in nodes if "Relation Name" in node]
        assert {node["Node Type"] for node in read} <= SCANS, path
        assert "Sort" not in {node["Node Type"] for node in nodes}, path
        for node in read:
            assert "Filter" not in node, (path, node)
            assert node["Actual Rows"] * node["Actual Loops"] <= list_sql.SCANNED, (path, node)
