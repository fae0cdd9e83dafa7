"""Starts the tiers in order, keeps every process alive, stops all in the reverse order.

One thread and no waiting but for the next look: whatever happens is noticed within LOOK_EVERY.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from local.child import Child, State
from local.console import Console
from local.errors import EngineError, Misconfigured
from local.logfiles import LogFile
from local.program import Program
from local.stopping import StopRequest

LOOK_EVERY = 0.05
GIVE_UP_AFTER = 5
TIER_TIMEOUT = timedelta(seconds=120)
STOP_TIMEOUT = timedelta(seconds=9)
TIER_STOP_TIMEOUT = timedelta(seconds=5)
KEPT_FOR_LATER_TIERS = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Tier:
    """Programs that start together, what is done while they do, and what once all are ready."""

    programs: Sequence[Program]
    meanwhile: Callable[[], None] = lambda: None
    then: Callable[[], None] = lambda: None


class Supervisor:
    """Runs the programs of one engine until it is asked to stop."""

    def __init__(
        self,
        console: Console,
        stop: StopRequest,
        changed: Callable[[Sequence[Child]], None],
        held: Callable[[str], bool] = lambda _name: False,
    ) -> None:
        self._console = console
        self._stop = stop
        self._changed = changed
        self._held = held
        self._tiers: list[list[Child]] = []
        self._logs: dict[str, LogFile] = {}
        self._last_seen: list[tuple[object, ...]] = []

    @property
    def children(self) -> list[Child]:
        """Return every process started so far, in the order of their start."""
        return [child for tier in self._tiers for child in tier]

    def start(self, tiers: Iterable[Tier]) -> None:
        """Start the tiers, each when the one before is ready.

        Returns early when asked to stop. Raises EngineError when a process does not become ready,
        Misconfigured when one says that it never will.
        """
        for tier in tiers:
            children = [self._child(program) for program in tier.programs]
            self._tiers.append(children)
            for child in children:
                self._logs[child.name] = LogFile(child.log_file)
                child.start()
            tier.meanwhile()
            self._wait_until_ready(children)
            if self._stop.requested:
                return
            tier.then()

    def watch(self) -> None:
        """Keep the processes alive until asked to stop."""
        while not self._stop.requested:
            self._look()

    def stop(self) -> None:
        """Stop every process, the last started first, in STOP_TIMEOUT at most."""
        deadline = time.monotonic() + STOP_TIMEOUT.total_seconds()
        for later, tier in reversed(list(enumerate(self._tiers))):
            kept = later * KEPT_FOR_LATER_TIERS.total_seconds()
            now = time.monotonic()
            limit = TIER_STOP_TIMEOUT.total_seconds() if later else deadline - now
            self._stop_tier(tier, min(now + limit, deadline - kept))
        self._show_logs()
        self._tell_what_changed()

    def _child(self, program: Program) -> Child:
        return Child(program, self._console.say, held=lambda: self._held(program.name))

    def _stop_tier(self, tier: Sequence[Child], deadline: float) -> None:
        for child in tier:
            child.ask_to_stop()
        while left := [child for child in tier if not child.stopped()]:
            if time.monotonic() > deadline or self._stop.urgent:
                for child in left:
                    child.kill()
            self._show_logs()
            time.sleep(LOOK_EVERY)

    def _wait_until_ready(self, children: Sequence[Child]) -> None:
        deadline = time.monotonic() + TIER_TIMEOUT.total_seconds()
        while not self._stop.requested:
            self._look()
            for child in children:
                if child.refused:
                    raise Misconfigured(f"{child.name} cannot start: {self._last_words(child)}")
                if child.failures == GIVE_UP_AFTER:
                    raise EngineError(f"{child.name} does not start: {self._last_words(child)}")
            waiting = [child for child in children if child.state is not State.READY]
            if not waiting:
                return
            if time.monotonic() > deadline:
                names = ", ".join(child.name for child in waiting)
                raise EngineError(
                    f"{names} not ready after {TIER_TIMEOUT.seconds} s: "
                    f"{self._last_words(waiting[0])} (more in {waiting[0].log_file})"
                )

    def _look(self) -> None:
        for child in self.children:
            child.step()
        self._show_logs()
        self._tell_what_changed()
        self._stop.wait(LOOK_EVERY)

    def _show_logs(self) -> None:
        for name, log in self._logs.items():
            for line in log.new_lines():
                self._console.show(name, line)

    def _tell_what_changed(self) -> None:
        seen: list[tuple[object, ...]] = [
            (child.name, child.pid, child.state, child.restarts) for child in self.children
        ]
        if seen != self._last_seen:
            # On a full disk it is told again at each look, until there is room.
            with suppress(OSError):
                self._changed(self.children)
                self._last_seen = seen

    def _last_words(self, child: Child) -> str:
        lines = [line for line in self._logs[child.name].tail(20) if line.strip()]
        return lines[-1].strip() if lines else "it said nothing"
