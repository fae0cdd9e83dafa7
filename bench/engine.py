"""A supervised engine as a measurement sees it: started by its command, found by its directory."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from local import state
from local.plan import Place

START_TIMEOUT_S = 120
READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
LOOK_EVERY_S = 0.05
OUTPUT = "bench.out"


class NotInTime(Exception):
    """Something did not happen within its time; the message says what."""


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Return when the condition holds; raise `NotInTime` when it does not within so long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotInTime(f"not within {seconds:.0f} s: {what}")
        time.sleep(LOOK_EVERY_S)


class Engine:
    """`engine up` as a child process, and its processes."""

    def __init__(
        self, data_dir: Path, *options: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir.resolve()
        self._options = options
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return when it is ready."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "cli.main", "up", "--data-dir", str(self.data_dir)]
        with (self.data_dir / OUTPUT).open("ab") as output:
            self._process = subprocess.Popen(
                [*command, "--port", "0", *self._options],
                env={**os.environ, **self._environment},
                stdout=output,
                stderr=output,
            )
        wait_for(self._is_ready, START_TIMEOUT_S, "the engine is ready")

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(STOP_TIMEOUT_S)

    @property
    def described(self) -> state.RunningEngine:
        """Return what the engine tells of itself."""
        found = state.read(self.data_dir)
        if found is None:
            raise NotInTime("the engine has not written what it is")
        return found

    def names(self, sort: str) -> list[str]:
        """Return the names of the processes of one sort, such as worker-1 and worker-2."""
        names = [process.name for process in self.described.processes]
        return [name for name in names if name == sort or name.startswith(f"{sort}-")]

    def ready_pid(self, name: str, seconds: float) -> int:
        """Return the process id of a process once it is ready. Raises `NotInTime`."""
        wait_for(lambda: self._pid(name), seconds, f"{name} is ready")
        return self._pid(name) or 0

    def signal(self, name: str, number: signal.Signals, seconds: float = READY_TIMEOUT_S) -> int:
        """Send a signal to a process once it is ready, and return its id."""
        pid = self.ready_pid(name, seconds)
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        return pid

    def hold_file(self, name: str) -> Path:
        """Return the file that keeps a process down while it is there."""
        return Place(self.data_dir).hold_file(name)

    def _pid(self, name: str) -> int | None:
        for process in self.described.processes:
            if process.name == name and process.state == "ready":
                return process.pid if state.alive(process.pid, process.created_at) else None
        return None

    def _is_ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise NotInTime(f"the engine ended: {(self.data_dir / OUTPUT).read_text()[-1_000:]}")
        found = state.find_running(self.data_dir)
        return found is not None and found.ready and found.pid == self._process.pid
