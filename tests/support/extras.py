"""Processes beside those that a supervised engine has, with the environment of its own."""

import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from local.plan import Place
from tests.support.copied import Copied
from tests.support.engine import Engine
from tests.support.servers import wait_until

STOP_TIMEOUT = 10
PATIENCE = 60


class Extra:
    """A process that nobody starts again."""

    def __init__(self, place: Place, environment: Mapping[str, str], *module: str) -> None:
        self.name = environment["ENGINE_PROCESS"]
        self.log_file = place.log_file(self.name)
        self._ready_file = place.ready_file(self.name)
        self._ready_file.unlink(missing_ok=True)
        its_own = {"ENGINE_READY_FILE": str(self._ready_file)}
        self._process = Copied(*module, environment={**environment, **its_own}, log=self.log_file)

    @property
    def log(self) -> str:
        """Return what it has written."""
        return self.log_file.read_text()

    def wait_until_ready(self) -> None:
        """Return when it serves."""
        wait_until(self._ready_or_dead, PATIENCE, f"{self.name} is ready: {self.log[-1000:]}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def stop(self) -> int:
        """Stop it as a supervisor would, and return its exit code."""
        self._process.terminate()
        try:
            return self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it without asking; nothing happens when it has ended."""
        self._process.kill()
        self._process.wait()

    def _ready_or_dead(self) -> bool:
        assert self._process.poll() is None, self.log[-2000:]
        return self._ready_file.exists()


@contextmanager
def extra(engine: Engine, name: str, *module: str, **settings: str) -> Iterator[Extra]:
    """Run one more process of the engine, under a name of its own, until the block ends."""
    variables = engine.description.environment_of_one_more()
    environment = {**variables, "ENGINE_PROCESS": name, **settings}
    one = Extra(Place(engine.data_dir), environment, *module)
    try:
        yield one
    finally:
        one.kill()


def extra_worker(
    engine: Engine, name: str = "extra-1", **settings: str
) -> AbstractContextManager[Extra]:
    """Run one more stream worker until the block ends."""
    return extra(engine, name, "streams", "worker", **settings)
