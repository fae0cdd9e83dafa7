"""Does the planned faults to a running engine, one after the other."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiokafka.errors import KafkaError

from bench.chaos import odd
from bench.chaos.plan import Fault
from bench.engine import READY_TIMEOUT_S, Engine, NotInTime, wait_for

POINT_TIMEOUT_S = 8
STORM_STEP_S = 3


@dataclass(frozen=True, slots=True)
class Done:
    """A fault that was done: to whom, and when it struck (UTC). `why` says why it was not.

    `accepted` are the ids of the orders that it placed.
    """

    fault: Fault
    target: str
    struck_at: datetime
    kills: int = 1
    why: str | None = None
    accepted: tuple[str, ...] = ()


class Injector:
    """Hurts the processes of one engine."""

    def __init__(
        self, engine: Engine, crash_dir: Path, spacing: float, clock: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self._crash_dir = crash_dir
        self._spacing = spacing
        self._clock = clock
        self._last: dict[str, datetime] = {}

    def rest_of(self, fault: Fault) -> float:
        """Return the seconds for which this sort of process is still to be left alone.

        On a busy machine faults come later than planned; takeovers are seen apart all the same.
        """
        last = self._last.get(fault.sort)
        rested = self._spacing if last is None else (self._clock() - last).total_seconds()
        return max(0.0, self._spacing - rested)

    def inject(self, fault: Fault) -> Done:
        """Do one fault, to its end; what cannot be done is told, not raised."""
        done = self._inject(fault)
        self._last[fault.sort] = done.struck_at
        return done

    def _inject(self, fault: Fault) -> Done:
        names = self._engine.names(fault.sort)
        target = names[int(fault.draw * len(names)) % len(names)]
        try:
            match fault.kind:
                case "kill":
                    return self._kill(fault, target)
                case "crash":
                    return self._crash(fault, target)
                case "stop":
                    return self._stop(fault, target)
                case "down":
                    return self._down(fault, target)
                case "storm":
                    return self._storm(fault)
                case "rewind" | "burst" | "poison":
                    return self._brief(fault)
        except (NotInTime, KafkaError, OSError) as error:
            return Done(fault, target, self._clock(), kills=0, why=str(error))

    def _kill(self, fault: Fault, target: str) -> Done:
        self._engine.signal(target, signal.SIGKILL)
        return Done(fault, target, self._clock())

    def _crash(self, fault: Fault, target: str) -> Done:
        # Armed for every process of the sort: a projector that stands by passes no point.
        armed = [self._crash_dir / f"{n}.{fault.point}" for n in self._engine.names(fault.sort)]
        for file in armed:
            file.touch()
        try:
            wait_for(lambda: not all(file.exists() for file in armed), POINT_TIMEOUT_S, "a crash")
        finally:
            struck_at, left = self._clock(), [file for file in armed if file.exists()]
            for file in left:
                file.unlink(missing_ok=True)
        died = [file.name.split(".")[0] for file in armed if file not in left]
        return Done(fault, ", ".join(died) or target, struck_at, kills=len(died))

    def _stop(self, fault: Fault, target: str) -> Done:
        pid, struck_at = self._engine.signal(target, signal.SIGSTOP), self._clock()
        time.sleep(fault.lasts)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        return Done(fault, target, struck_at, kills=0)

    def _down(self, fault: Fault, target: str) -> Done:
        hold = self._engine.hold_file(target)
        hold.parent.mkdir(exist_ok=True)
        hold.touch()
        try:
            self._engine.signal(target, signal.SIGKILL)
            struck_at = self._clock()
            time.sleep(fault.lasts)
        finally:
            hold.unlink()
        self._engine.ready_pid(target, READY_TIMEOUT_S)
        return Done(fault, target, struck_at)

    def _storm(self, fault: Fault) -> Done:
        struck_at, until = self._clock(), time.monotonic() + fault.lasts
        extra: list[subprocess.Popen[bytes]] = []
        number = 0
        try:
            while time.monotonic() < until:
                number += 1
                extra.append(self._extra_worker(f"extra-{number}"))
                time.sleep(STORM_STEP_S)
                if len(extra) > 1:
                    _end(extra[:1])
                    del extra[:1]
                    time.sleep(STORM_STEP_S)
        finally:
            _end(extra)
        return Done(fault, f"{number} workers came and left", struck_at, kills=0)

    def _brief(self, fault: Fault) -> Done:
        struck_at, told = self._clock(), self._engine.described
        placed: tuple[str, ...] = ()
        match fault.kind:
            case "rewind":
                target = odd.rewind(told)
            case "burst":
                target = odd.place_fifty_times(told.url, f"burst-{fault.at:.0f}")
                placed = (target,)
            case _:
                target = odd.poison(told, struck_at)
        return Done(fault, target, struck_at, kills=0, accepted=placed)

    def _extra_worker(self, name: str) -> subprocess.Popen[bytes]:
        environment = self._engine.described.environment_of_one_more() | {"ENGINE_PROCESS": name}
        with (self._engine.data_dir / "logs" / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "streams", "worker"],
                env=environment,
                stdout=log,
                stderr=log,
            )


def _end(workers: Iterable[subprocess.Popen[bytes]]) -> None:
    for worker in workers:
        worker.terminate()
    for worker in workers:
        try:
            worker.wait(10)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
