"""One process that is kept alive: started, watched, started again with a growing delay."""

import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import psutil

from local.program import Program, ask_to_stop, kill, launch

CONFIGURATION_ERROR = 2
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (0.2, 0.5, 1, 2, 5, 10))
STEADY_AFTER = timedelta(seconds=30)
START_TIMEOUT = timedelta(seconds=60)


class State(StrEnum):
    """What a process is doing, in the words of `engine status`."""

    STARTING = "starting"
    READY = "ready"
    BACKOFF = "backoff"
    HELD = "held"
    STOPPED = "stopped"


class Child:
    """Keeps one program running; every call returns at once, `step` does what is due."""

    def __init__(
        self,
        program: Program,
        say: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        self.program = program
        self.state = State.STOPPED
        self.restarts = 0
        self.refused = False
        self.created_at: float | None = None
        self._say = say
        self._clock = clock
        self._held = held
        self._process: subprocess.Popen[bytes] | None = None
        self._since = clock()
        self.failures = 0
        """How often it ended without having been steady in between."""

    @property
    def name(self) -> str:
        """Return the name of the process."""
        return self.program.name

    @property
    def pid(self) -> int | None:
        """Return the process id, or None while nothing runs."""
        return self._process.pid if self._process else None

    @property
    def log_file(self) -> Path:
        """Return where the process writes."""
        return self.program.log_file

    def start(self) -> None:
        """Start the process; when that cannot be done now, it is tried again like one that died."""
        try:
            self._process = launch(self.program)
        except OSError as error:
            self._failed(f"cannot be started ({error})")
            return
        try:
            self.created_at = psutil.Process(self._process.pid).create_time()
        except psutil.NoSuchProcess:
            self.created_at = None
        self._enter(State.STARTING)

    def step(self) -> None:
        """Notice what has happened since the last step and do what follows from it."""
        if self.state in (State.BACKOFF, State.HELD):
            self._start_again_when_due()
        elif self._process is not None and (code := self._process.poll()) is not None:
            self._ended(code)
        elif self.state is State.STARTING:
            self._look_whether_ready()
        elif self.state is State.READY and self._in_state_for() >= STEADY_AFTER:
            self.failures = 0

    def ask_to_stop(self) -> None:
        """Ask the process to stop; it is not started again."""
        if self._process is None:
            self._enter(State.STOPPED)
        else:
            ask_to_stop(self._process, self.program)

    def stopped(self) -> bool:
        """Return whether the process has ended after it was asked to."""
        if self._process is None or self._process.poll() is not None:
            self._process = None
            self._enter(State.STOPPED)
        return self.state is State.STOPPED

    def kill(self) -> None:
        """End the process without asking."""
        if self._process is not None:
            self._say(f"{self.name} does not stop: killing it", "warning")
            kill(self._process)
        self.stopped()

    def _start_again_when_due(self) -> None:
        if self._held():
            if self.state is not State.HELD:
                self._enter(State.HELD)
                self._say(f"{self.name} is held down", "warning")
        elif self.state is State.HELD or self._in_state_for() >= self._delay():
            self.restarts += 1
            self.start()

    def _look_whether_ready(self) -> None:
        if self.program.ready():
            seconds = self._in_state_for().total_seconds()
            self._enter(State.READY)
            self._say(f"{self.name} is ready after {seconds:.1f} s", "info")
        elif self._in_state_for() > START_TIMEOUT and self._process is not None:
            self._say(f"{self.name} is not ready after {START_TIMEOUT.seconds} s", "warning")
            kill(self._process)

    def _ended(self, code: int) -> None:
        self._process = None
        if code == CONFIGURATION_ERROR:
            self.refused = True
            self._enter(State.STOPPED)
            self._say(
                f"{self.name} will not run as things are, and says why: it is not started again",
                "error",
            )
            return
        self._failed(
            f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        )

    def _failed(self, how: str) -> None:
        self.failures += 1
        self._enter(State.BACKOFF)
        delay = self._delay().total_seconds()
        self._say(f"{self.name} {how}: starting it again in {delay:g} s", "warning")

    def _delay(self) -> timedelta:
        return BACK_OFF[min(self.failures, len(BACK_OFF)) - 1]

    def _enter(self, state: State) -> None:
        self.state = state
        self._since = self._clock()

    def _in_state_for(self) -> timedelta:
        return timedelta(seconds=self._clock() - self._since)
