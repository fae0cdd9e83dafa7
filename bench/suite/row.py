"""A row of the suite: what it measures, on which engine, and what it is given to do so."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.engine import Engine
from bench.suite.figures import Figure

SHORTER = 8


@dataclass(frozen=True, slots=True)
class Setting:
    """How an engine is started; rows with the same one share it."""

    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    note_commits: bool = False
    """Whether PostgreSQL is to note when it committed what."""
    name: str = ""
    """Keeps an engine apart from others that are started like it."""


AT_ONCE = Setting(("--quote-latency-ms=0", "--execute-latency-ms=0"))
"""Venues answer at once: what is left is the engine."""

AT_ONCE_NOTED = Setting(AT_ONCE.options, note_commits=True)

STORED = Setting(AT_ONCE.options, name="stored")

SLOW = Setting(("--execute-latency-ms=10000",))
"""Orders stay in flight for so long that very many of them are at once."""

SHIPPED = Setting()
"""As `engine up` starts it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """How often and how much is to be measured, and the row's engine if it wants one."""

    rounds: int
    short: bool
    seed: int
    shared: Engine | None = None

    @property
    def engine(self) -> Engine:
        """Return the engine of the row's setting."""
        if self.shared is None:
            raise LookupError("this row has no setting, so no engine")
        return self.shared

    @property
    def each(self) -> range:
        """Return the rounds."""
        return range(self.rounds)

    def scaled(self, count: int) -> int:
        """Return how many there are of what the long form has so many of."""
        return count // SHORTER if self.short else count


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the report."""

    name: str
    title: str
    measure: Callable[[Bench], Iterator[Figure]]
    setting: Setting | None = None


def columns(rounds: Sequence[dict[str, float]], name: str) -> tuple[float, ...]:
    """Return what each round has under a name."""
    return tuple(one[name] for one in rounds)
