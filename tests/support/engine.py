"""A whole engine for a test: `engine up` as a process of its own, seen only through its doors."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import state
from local.child import State
from local.plan import Place
from local.state import RunningEngine, RunningProcess
from tests.support.servers import TEST_PARTITIONS, new_database, own_prefix, wait_until

START_TIMEOUT = 90
STOP_TIMEOUT = 20
PARTITIONS = str(TEST_PARTITIONS)
_NOT_ITS_OWN = ("ENGINE_", "COVERAGE_")
"""Whole engines run as users run them: what they execute is not counted as covered, nor slowed."""


class Engine:
    """One `engine up`; the data directory outlives a stop, so that it can be started again."""

    def __init__(self, data_dir: Path, *options: str, environment: Mapping[str, str]) -> None:
        self.data_dir = data_dir
        self.output = data_dir.with_suffix(".out")
        self._options = options
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *more: str, wait: bool = True) -> None:
        """Start it; return when it says that it is ready, unless told not to wait."""
        command = [sys.executable, "-m", "cli.main", "up", *self._options, *more]
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_NOT_ITS_OWN)
        }
        own = {"ENGINE_DATA_DIR": str(self.data_dir), "ENGINE_PORT": "0"}
        packages = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with self.output.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                env={**inherited, **packages, **own, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            wait_until(self._ready_or_dead, START_TIMEOUT, "the engine is ready")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and return its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(number)
        code = self._process.wait(STOP_TIMEOUT)
        self._process = None
        return code

    def wait(self, timeout: float = START_TIMEOUT) -> int:
        """Return its exit code when it ends by itself."""
        assert self._process is not None
        return self._process.wait(timeout)

    def restart(self) -> None:
        """Stop it and start it again on the same data."""
        self.stop()
        self.start()

    @property
    def description(self) -> RunningEngine:
        """Return what engine.json tells at this moment."""
        found = state.read(self.data_dir)
        assert found is not None, self.tail()
        return found

    @property
    def url(self) -> str:
        """Return the address of the HTTP API."""
        return self.description.url

    @property
    def kafka(self) -> str:
        """Return the address of its Kafka."""
        return self.description.kafka

    @property
    def database_url(self) -> str:
        """Return the URL of its tables."""
        return self.description.database_url

    @property
    def chain_url(self) -> str:
        """Return the URL of the simulated chain's ledger."""
        return self.description.chain_url

    @property
    def topic_prefix(self) -> str:
        """Return what its topics' names begin with."""
        return self.description.topic_prefix

    @property
    def processes(self) -> dict[str, RunningProcess]:
        """Return its processes by name."""
        return {process.name: process for process in self.description.processes}

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to one of its processes and return the pid."""
        pid = self.processes[name].pid
        assert pid is not None
        os.kill(pid, number)
        return pid

    @contextmanager
    def down(self, name: str) -> Iterator[None]:
        """Kill one of its processes; the supervisor starts it again when the block ends."""
        hold = Place(self.data_dir).hold_file(name)
        hold.parent.mkdir(exist_ok=True)
        hold.touch()
        try:
            self.kill(name)
            wait_until(lambda: self.state_of(name) is State.HELD, what=f"{name} is down")
            yield
        finally:
            hold.unlink()

    def state_of(self, name: str) -> State:
        """Return what one of its processes is doing."""
        return self.processes[name].state

    def kill_supervisor(self) -> None:
        """End the supervisor without giving it a chance to stop anything."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def tail(self) -> str:
        """Return the end of what it wrote to the terminal."""
        return self.output.read_text()[-4000:] if self.output.exists() else ""

    def _ready_or_dead(self) -> bool:
        assert self._process is not None
        if (code := self._process.poll()) is not None:
            pytest.fail(f"the engine ended with exit code {code}:\n{self.tail()}")
        found = state.find_running(self.data_dir)
        return found is not None and found.pid == self._process.pid and found.ready


StartEngine = Callable[..., Engine]


@pytest.fixture
def make_engine(tmp_path) -> Iterator[StartEngine]:
    """Return what makes an engine, not started; all are stopped at the end.

    `make_engine("--workers", "2", ENGINE_SEED="7")`; by default with its own Kafka and PostgreSQL.
    """
    made: list[Engine] = []

    def make(*options: str, data_dir: Path | None = None, **environment: str) -> Engine:
        place = data_dir or tmp_path / f"engine-{len(made) + 1}"
        variables = {"ENGINE_PARTITIONS": PARTITIONS, **environment}
        made.append(Engine(place, *options, environment=variables))
        return made[-1]

    yield make
    for engine in made:
        engine.stop()


@pytest.fixture
def on_session_servers(kafka, database_url, chain_url, topic_prefix) -> dict[str, str]:
    """Return the variables of an engine with its own topics and tables on the session's servers."""
    return {
        "ENGINE_KAFKA": kafka,
        "ENGINE_DATABASE_URL": database_url,
        "ENGINE_CHAIN_URL": chain_url,
        "ENGINE_TOPIC_PREFIX": topic_prefix,
    }


@pytest.fixture
def engine(make_engine, on_session_servers) -> Engine:
    """Return a running engine of this test alone, on the session's servers."""
    one: Engine = make_engine(**on_session_servers)
    one.start()
    return one


@pytest.fixture(scope="session")
def shared_engine(kafka, postgres, template_database, tmp_path_factory) -> Iterator[Engine]:
    """Return one running engine for all tests that only place orders and look at what happens."""
    with new_database(postgres, template_database) as tables, new_database(postgres) as chain:
        one = Engine(
            tmp_path_factory.mktemp("shared") / "engine",
            environment={
                "ENGINE_KAFKA": kafka,
                "ENGINE_DATABASE_URL": tables,
                "ENGINE_CHAIN_URL": chain,
                "ENGINE_TOPIC_PREFIX": own_prefix(),
                "ENGINE_PARTITIONS": PARTITIONS,
                "ENGINE_FAULT_INJECTION": "true",
            },
        )
        one.start()
        yield one
        one.stop()
