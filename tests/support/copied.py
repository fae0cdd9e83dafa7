"""Our processes for tests of one or a few: real ones, copies of one that imported all."""

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local import copies

_TEMPLATE = multiprocessing.get_context("forkserver")
_TEMPLATE.set_forkserver_preload([f"{package}.__main__" for package in copies.OURS])


class Copied:
    """One process that does as `python -m` with these words would, in the manner of a Popen."""

    def __init__(
        self, *words: str, environment: Mapping[str, str], log: Path | None = None
    ) -> None:
        # Without a log: where the test itself writes at this moment, which pytest may look at.
        log = log or Path(f"/proc/{os.getpid()}/fd/2")
        log.touch()
        self._process = _TEMPLATE.Process(target=_become, args=(words, dict(environment), log))
        self._words = words
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code when it has ended. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._words, timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it without asking."""
        self.send_signal(signal.SIGKILL)


def _become(words: tuple[str, ...], environment: dict[str, str], log: Path) -> None:
    with log.open("ab", buffering=0) as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.clear()
    name = environment.get("ENGINE_PROCESS", words[0])
    copies.become(name, copies.main_of(*words), environment, ())
