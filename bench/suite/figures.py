"""What the suite measures, as values: a figure of some rounds, what stands beside it, a target."""

from statistics import median

from pydantic import BaseModel, ConfigDict, computed_field


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Rounds(_Value):
    name: str
    values: tuple[float, ...]
    """One of each round."""
    unit: str

    @computed_field
    @property
    def median(self) -> float:
        """Return the middle one of the rounds."""
        return median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """Return the least and the most."""
        return min(self.values), max(self.values)


class Beside(_Rounds):
    """A limit or a baseline, measured in the same run."""


class Target(_Value):
    """How much is enough: at least or at most so much, or such a share of the first beside."""

    at_least: float | None = None
    at_most: float | None = None
    share: bool = False

    def met(self, value: float, base: float) -> bool:
        """Return whether a value is enough, beside such a base."""
        value = value / base if self.share and base else value
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


class Figure(_Rounds):
    """One line of the report."""

    load: str
    """Under what load it was measured."""
    beside: tuple[Beside, ...] = ()
    target: Target | None = None

    @computed_field
    @property
    def holds(self) -> bool | None:
        """Return whether the median meets the target; None without one."""
        if self.target is None:
            return None
        base = self.beside[0].median if self.beside else 0.0
        return self.target.met(self.median, base)

    @computed_field
    @property
    def share(self) -> float | None:
        """Return the median as a part of the first beside, where they can be compared."""
        if not self.beside or self.beside[0].unit != self.unit or not self.beside[0].median:
            return None
        return self.median / self.beside[0].median


class Machine(_Value):
    """What it was measured on."""

    cores: int
    memory_gb: float
    python: str
    load_before: float
    """Of the last minute before the suite began, in processes that wanted to run."""


class RowReport(_Value):
    """What came of one row."""

    name: str
    title: str
    seconds: float
    figures: tuple[Figure, ...]
    failure: str | None = None


class Report(_Value):
    """The whole of a run, as `--json` writes it."""

    began_at: str
    rounds: int
    short: bool
    seed: int
    machine: Machine
    rows: tuple[RowReport, ...]
