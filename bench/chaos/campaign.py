"""One campaign: an engine under load, the planned faults, then the audit's verdict."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.chaos.clients import Clients
from bench.chaos.faults import Done, Injector
from bench.chaos.kinds import became, end_those_that_rest
from bench.chaos.market import Mover
from bench.chaos.plan import Fault, Scale, plan
from bench.chaos.prices import told_at
from bench.chaos.recovery import Recovery, Watch
from bench.chaos.report import Report, count_answers
from bench.chaos.thoughts import SecondThoughts
from bench.engine import Engine
from bench.load import Load, write_ids
from orders.topics import Topics

OPTIONS = ("--workers", "2", "--projectors", "2", "--api-workers", "2")
WRONG_CLOCKS = "worker-2=-300000,delays=300000,api-2=300000"
"""One process of a sort is 5 minutes off, in ms."""
REST_S = 180
LOOK_EVERY_S = 0.5
VERIFY_TIMEOUT_S = 900
TOKENS_MOST, TOKEN_LEAST_S = 4, 15
"""Tokens that come to the market, each for so long: with every one eight pairs more are told."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is done to which engine; `say` tells the progress, `clock` is UTC."""

    seed: int
    scale: Scale
    per_second: float
    data_dir: Path
    clock: Callable[[], datetime]
    say: Callable[[str], None]

    def run(self) -> Report:
        """Run it and return the report. Raises `NotInTime` when the engine does not start."""
        crash_dir = self.data_dir / "crash"
        crash_dir.mkdir(parents=True, exist_ok=True)
        engine = Engine(self.data_dir, *OPTIONS, environment=self._environment(crash_dir))
        try:
            engine.start()
            return self._hurt(engine, Injector(engine, crash_dir, self.scale.spacing, self.clock))
        finally:
            engine.stop()

    def _environment(self, crash_dir: Path) -> dict[str, str]:
        return {
            "ENGINE_FAULT_INJECTION": "true",
            "ENGINE_CRASH_DIR": str(crash_dir.resolve()),
            "ENGINE_SEED": str(self.seed),
            "ENGINE_CLOCK_OFFSETS": WRONG_CLOCKS,
        }

    def _hurt(self, engine: Engine, injector: Injector) -> Report:
        described = engine.described
        watch = Watch(described.database_url, self.clock)
        every = int(self.per_second * max(TOKEN_LEAST_S, self.scale.seconds / TOKENS_MOST))
        clients = Clients(self.seed, self.clock, every)
        load = Load(described.url, self.per_second, wish=clients.wish)
        mover = Mover(described, self.seed, lambda: len(load.answers), every)
        thoughts = SecondThoughts(described.url, self.seed, lambda: load.answers)
        parts = (watch, mover, load, thoughts)
        began, began_at = time.monotonic(), self.clock()
        for part in parts:
            part.start()
        try:
            done = [self._inject(injector, fault, began) for fault in plan(self.seed, self.scale)]
            self._go_on(load)
        finally:
            for part in reversed(parts):
                part.stop()
        lasted = time.monotonic() - began
        self.say(f"{len(load.answers):,} placements; waiting for the last to end")
        end_those_that_rest(described.url, described.database_url)
        verdict = _verify(self.data_dir, load, done)
        accepted_at = [began_at + timedelta(seconds=one.at + one.took) for one in load.accepted]
        ended_at = began_at + timedelta(seconds=lasted)
        prices = asyncio.run(told_at(described.kafka, Topics(described.topic_prefix).prices))
        felt = Recovery(described.database_url, accepted_at, watch.moved_at, prices, ended_at)
        return Report(
            seed=self.seed,
            seconds=lasted,
            faults=done,
            felt=felt.by_name(done),
            undisturbed=felt.undisturbed(),
            answers=count_answers([one.status for one in load.answers]),
            asked=thoughts.answered,
            market={"moves": mover.moves, "pools": mover.pools, "notTold": mover.refused},
            became=became(described.database_url, load.accepted),
            verdict=verdict,
        )

    def _go_on(self, load: Load) -> None:
        ends, last = self.scale.seconds, self.scale.seconds * 2
        while load.now < ends or (load.now < last and _placed(load) < self.scale.orders):
            time.sleep(LOOK_EVERY_S)

    def _inject(self, injector: Injector, fault: Fault, began: float) -> Done:
        time.sleep(max(0, fault.at - (time.monotonic() - began)))
        time.sleep(injector.rest_of(fault))
        done = injector.inject(fault)
        point = f" at {fault.point}" if fault.point else ""
        self.say(f"{fault.at:7.1f} s  {fault.name} {done.target}{point} {done.why or ''}".rstrip())
        return done


def _placed(load: Load) -> int:
    return len({one.order_id for one in load.accepted})


def _verify(data_dir: Path, load: Load, done: Iterable[Done]) -> dict[str, Any]:
    accepted, refused = data_dir / "accepted.txt", data_dir / "refused.txt"
    write_ids(accepted, load.accepted, (id_ for one in done for id_ in one.accepted))
    write_ids(refused, load.refused)
    lists = ("--accepted", str(accepted), "--refused", str(refused))
    told = subprocess.run(
        [
            *(sys.executable, "-m", "cli.main", "verify", "--json", "--wait", str(REST_S)),
            *("--data-dir", str(data_dir), *lists),
        ],
        capture_output=True,
        text=True,
        timeout=VERIFY_TIMEOUT_S,
        check=False,
    )
    if told.returncode not in (0, 1):
        return {"holds": False, "error": told.stderr.strip()}
    verdict: dict[str, Any] = json.loads(told.stdout)
    return verdict
