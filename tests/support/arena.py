"""The engine that the fault scenarios share: each leaves it running, with every order ended."""

import signal
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from local.child import State
from local.state import alive
from tests.support.crowd import CLEAN, Crowd
from tests.support.engine import PARTITIONS, Engine
from tests.support.servers import new_database, own_prefix, wait_until

EXECUTE_MS = 400
BACK_AFTER = 60


class Arena(Engine):
    """A supervised engine whose processes can be made to die at named points."""

    @property
    def crash_dir(self):
        """Return the folder in which the points are named."""
        return self.data_dir.with_suffix(".crash")

    def name_points(self, process: str, *points: str) -> None:
        """Let the process die once at each of these points."""
        for point in points:
            (self.crash_dir / f"{process}.{point}").touch()

    def points_left(self) -> list[str]:
        """Return the points that no process has died at yet."""
        return sorted(file.name for file in self.crash_dir.iterdir())

    def wait_until_whole(self) -> None:
        """Return when every process serves."""
        wait_until(self._is_whole, BACK_AFTER, "every process is back")

    def _is_whole(self) -> bool:
        return all(
            process.state is State.READY and alive(process.pid, process.created_at)
            for process in self.processes.values()
        )


@pytest.fixture(scope="session")
def _arena(kafka, postgres, template_database, tmp_path_factory) -> Iterator[Arena]:
    with new_database(postgres, template_database) as tables, new_database(postgres) as chain:
        place = tmp_path_factory.mktemp("arena") / "engine"
        one = Arena(
            place,
            *("--workers", "2", "--projectors", "2"),
            environment={
                "ENGINE_KAFKA": kafka,
                "ENGINE_DATABASE_URL": tables,
                "ENGINE_CHAIN_URL": chain,
                "ENGINE_TOPIC_PREFIX": own_prefix(),
                "ENGINE_PARTITIONS": PARTITIONS,
                "ENGINE_FAULT_INJECTION": "true",
                "ENGINE_QUOTE_LATENCY_MS": "50",
                "ENGINE_EXECUTE_LATENCY_MS": str(EXECUTE_MS),
                "ENGINE_CRASH_DIR": str(place.with_suffix(".crash")),
            },
        )
        one.crash_dir.mkdir()
        one.start()
        yield one
        one.stop()


@pytest.fixture
def arena(_arena) -> Iterator[Arena]:
    """Return the arena, every process of it running; none is left standing still."""
    _arena.wait_until_whole()
    yield _arena
    for process in _arena.processes.values():
        with suppress(AssertionError, ProcessLookupError):
            _arena.kill(process.name, signal.SIGCONT)
    for file in _arena.crash_dir.iterdir():
        file.unlink(missing_ok=True)


@pytest.fixture
def crowd(arena) -> Iterator[Crowd]:
    """Return clients of the arena."""
    with closing(Crowd(arena.url)) as one:
        yield one


@pytest.fixture
def clean_crowd(arena) -> Iterator[Crowd]:
    """Return clients of the arena that ask for no faults."""
    with closing(Crowd(arena.url, CLEAN)) as one:
        yield one
