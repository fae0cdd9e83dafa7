"""In which order tests run, and which in one process: those of a file, and those of one engine.

An engine takes seconds of CPU time to start and a tenth of a core while it idles. So each that is
shared runs once, not in every process of the session, and from its first test to its last.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

SHARED = {
    "_poisoned": ("faults/test_poison.py", "faults/test_quarantine.py"),
    "shared_engine": (
        *("test_command.py", "test_contract_outside.py", "test_examples.py", "test_kill.py"),
        *("test_market.py", "test_orders.py", "test_postman.py", "test_preview.py"),
        *("test_rebuild.py", "test_verify.py", "test_waiting_orders.py"),
    ),
    # The races take as long as all of these: they have an arena of their own.
    "_arena": (
        *("faults/test_clocks.py", "faults/test_duplicates.py", "faults/test_points.py"),
        *("faults/test_takeover.py", "faults/test_venues.py", "faults/test_zombies.py"),
    ),
}
"""The fixtures of the session that are an engine, and the files that share it; the longest last."""

_TESTS = Path(__file__).parents[1]
_ENGINE_OF = {f"tests/acceptance/{file}": name for name in SHARED for file in SHARED[name]}
_PATIENCE = {"acceptance": 3, "integration": 2, "unit": 1}


class FilesOfOneEngine(LoadFileScheduling):
    """Hands out whole files, those of one engine together."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return _ENGINE_OF.get(file, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FilesOfOneEngine | None:
    """Return the scheduler of `--dist loadfile`."""
    return FilesOfOneEngine(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what may take longest, so that all processes end at about the same time."""
    items.sort(key=_patience, reverse=True)


def _patience(item: pytest.Item) -> tuple[list[int], int, int]:
    own = item.get_closest_marker("timeout")
    tier = _PATIENCE[item.path.relative_to(_TESTS).parts[0]]
    return [[*SHARED].index(name) for name in _shared_by(item)], own.args[0] if own else 0, tier


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Stop the engine that the next test does not share."""
    try:
        return (yield)
    finally:
        for name in set(_shared_by(item)) - set(_shared_by(nextitem)):
            assert isinstance(item, pytest.Function)
            item._fixtureinfo.name2fixturedefs[name][-1].finish(item._request)


def _shared_by(item: pytest.Item | None) -> list[str]:
    asked = item.fixturenames if isinstance(item, pytest.Function) else ()
    return [name for name in SHARED if name in asked]
