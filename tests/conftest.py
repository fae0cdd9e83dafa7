"""Fixtures of every test: the session's real Kafka and PostgreSQL, nothing faked."""

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from projections import schema

pytest_plugins = [
    "tests.support.servers",
    "tests.support.engine",
    "tests.support.arena",
    "tests.support.poisoned",
    "tests.support.programs",
]

_TESTS = Path(__file__).parent

# What a shell starts in the background ignores Ctrl-C, and so would the commands under test.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A loaded machine is no flaw of the code: the time-out of a test is the only limit of time.
settings.register_profile("engine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("engine")


_TIERS = ("acceptance", "integration", "unit")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that all processes end at about the same time."""
    items.sort(key=lambda item: _TIERS.index(item.path.relative_to(_TESTS).parts[0]))


@pytest.fixture(scope="session")
def build_template(test_partitions):
    return lambda url: schema.create(url, test_partitions)
