"""Fixtures of every test: the session's real Kafka and PostgreSQL, nothing faked."""

import pytest

from projections import schema

pytest_plugins = ["tests.support.servers", "tests.support.engine", "tests.support.arena"]


@pytest.fixture(scope="session")
def build_template(test_partitions):
    return lambda url: schema.create(url, test_partitions)
