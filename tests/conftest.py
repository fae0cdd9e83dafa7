"""Fixtures of every test: the session's real Kafka and PostgreSQL, nothing faked."""

import faulthandler
import gc
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from projections import schema

pytest_plugins = [
    "tests.support.servers",
    "tests.support.engine",
    "tests.support.arena",
    "tests.support.poisoned",
    "tests.support.programs",
    "tests.support.turns",
]

# What a shell starts in the background ignores Ctrl-C, and so would the commands under test.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A loaded machine is no flaw of the code: the time-out of a test is the only limit of time.
settings.register_profile("engine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("engine")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among what is collected: it lives as long as the session.

    It takes a third of the time otherwise, in each process of a session.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


# How long a test may go on, in seconds, after a time-out that something in it caught, or in its
# clean-up: pytest-timeout raises once, and not at all after a failure (it lets go for debuggers).
_GRACE = 120


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End the process, with every thread's stack told, when a test comes to no end."""
    own = item.get_closest_marker("timeout")
    _end_after(_GRACE + (own.args[0] if own else float(item.config.getini("timeout"))))
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Give the clean-up its own time: a failure has ended what was left of the test's."""
    _end_after(_GRACE)


def _end_after(seconds: float) -> None:
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)


@pytest.fixture(scope="session")
def build_template(test_partitions):
    return lambda url: schema.create(url, test_partitions)
