"""Which faults a campaign does and when: the same seed, the same plan. No I/O here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from runtime.crash import Point

Kind = Literal["kill", "crash", "stop", "down", "storm", "rewind", "burst", "poison"]
"""SIGKILL at any moment · at a named point · SIGSTOP, then SIGCONT · held down · rebalances ·
offsets set back to the log's begin · one placement fifty times at once · records that are none.
"""

OF_WORKER: tuple[Point, ...] = get_args(Point)[:6]
POINTS: Mapping[str, tuple[Point, ...]] = {
    "worker": OF_WORKER,
    "delays": ("before-append", "after-append"),
    "projector": ("before-commit", "after-commit"),
    "api": ("before-append", "after-append"),
    "market": ("before-append", "after-append"),
}
"""The points that a sort of process passes in any campaign."""

KILLED: Mapping[str, int] = {
    "worker": 4,
    "delays": 2,
    "projector": 3,
    "api": 2,
    "market": 2,
    "kafka": 2,
    "postgres": 2,
}
"""The sorts of processes, and how often each is hit compared with the others."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: seconds from the start of the load, what happens to which sort of process.

    `lasts` is in seconds; `draw` in 0..1 chooses among the processes of the sort.
    """

    at: float
    kind: Kind
    sort: str
    draw: float
    point: Point | None = None
    lasts: float = 0

    @property
    def name(self) -> str:
        """Return what a report counts this fault under."""
        return f"{self.kind} {self.sort}"


@dataclass(frozen=True, slots=True)
class Scale:
    """How long a campaign is and how dense; all in seconds.

    Kills of one sort of process are at least `spacing` apart, so that each takeover is seen alone.
    Where fewer than `orders` are placed by then, the load goes on, at most as long again.
    """

    seconds: float
    every: float
    spacing: float
    outage: float
    storm: float
    rounds: int = 1
    orders: int = 0


FULL = Scale(seconds=2_760, every=8.5, spacing=15, outage=30, storm=120, rounds=3)
SHORT = Scale(seconds=90, every=3, spacing=9, outage=5, storm=9, orders=600)
ZOMBIE_S = {"worker": 15.0, "projector": 6.0}
"""How long a process is stopped: longer than its session or lease."""


def plan(seed: int, scale: Scale) -> list[Fault]:
    """Return the faults in the order of their times."""
    chance = Random(seed)
    faults = [*_long(chance, scale)]
    busy = [(fault.at - scale.every / 2, fault.at + fault.lasts) for fault in faults]
    last = dict.fromkeys(KILLED, -scale.spacing)
    at = scale.every
    while at < scale.seconds:
        free = [sort for sort in KILLED if at - last[sort] >= scale.spacing]
        if free and not any(begin <= at <= end for begin, end in busy):
            fault = _kill(chance, at, free)
            last[fault.sort] = at
            faults.append(fault)
        at += scale.every * chance.uniform(0.9, 1.1)
    return sorted([*faults, *_short(chance, scale)], key=lambda fault: fault.at)


def _kill(chance: Random, at: float, free: list[str]) -> Fault:
    (sort,) = chance.choices(free, [KILLED[name] for name in free])
    if sort in POINTS and chance.random() < 0.5:
        return Fault(at, "crash", sort, chance.random(), chance.choice(POINTS[sort]))
    return Fault(at, "kill", sort, chance.random())


def _short(chance: Random, scale: Scale) -> Iterator[Fault]:
    brief: list[tuple[Kind, str]] = [("rewind", "worker"), ("burst", "api"), ("poison", "kafka")]
    chance.shuffle(brief)
    times = len(brief) * scale.rounds
    for number, (kind, sort) in enumerate(brief * scale.rounds, 1):
        yield Fault(scale.seconds * number / (times + 1), kind, sort, chance.random())


def _long(chance: Random, scale: Scale) -> Iterator[Fault]:
    lasting: list[tuple[Kind, str, float]] = [
        *(("stop", sort, lasts) for sort, lasts in ZOMBIE_S.items()),
        ("down", "kafka", scale.outage),
        ("down", "postgres", scale.outage),
        ("storm", "worker", scale.storm),
    ]
    chance.shuffle(lasting)
    times = len(lasting) * scale.rounds
    for number, (kind, sort, lasts) in enumerate(lasting * scale.rounds):
        at = scale.seconds * (number + 0.5) / times
        yield Fault(at, kind, sort, chance.random(), lasts=lasts)
