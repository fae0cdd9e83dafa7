"""What an audit found: ten invariants, how often each was looked at and where it does not hold."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

SAYS = {
    "I1": "no order settled more than once on the ledger",
    "I2": "every accepted order is in the log",
    "I3": "every order has ended, or is open for a live reason",
    "I4": "the tables equal the independent fold, row for row",
    "I5": "versions without a gap, every transition legal",
    "I6": "executed amounts equal the ledger, none below the order's minimum",
    "I7": "seq without a gap, in the log's sequence, each record once",
    "I8": "every retry waited, at most 3, none after a fatal error; none fired or expired too soon",
    "I9": "every execution sent is settled or void, none settled for an order that ended otherwise",
    "I10": "no late placement was executed; a refused order is in the log in time, or nowhere",
}
EXAMPLES_MAX = 10


@dataclass(slots=True)
class Invariant:
    """One thing that must hold, and what was seen of it."""

    name: str
    says: str
    checked: int = 0
    broken: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Return whether nothing was found against it."""
        return not self.broken

    def as_json(self) -> dict[str, Any]:
        """Return it as `engine verify --json` tells it."""
        return {
            "name": self.name,
            "says": self.says,
            "holds": self.holds,
            "checked": self.checked,
            "broken": self.broken,
            "examples": self.examples,
        }


class Findings:
    """The invariants, filled in while the audit goes on."""

    def __init__(self) -> None:
        self._all = {name: Invariant(name, says) for name, says in SAYS.items()}

    @property
    def invariants(self) -> list[Invariant]:
        """Return all ten, in their sequence."""
        return list(self._all.values())

    def checked(self, name: str, count: int = 1) -> None:
        """Count what was looked at for an invariant."""
        self._all[name].checked += count

    def broken(self, name: str, sentence: str, count: int = 1) -> None:
        """Note what breaks an invariant; the sentence names the order. Few are kept as examples."""
        invariant = self._all[name]
        invariant.broken += count
        if len(invariant.examples) < EXAMPLES_MAX:
            invariant.examples.append(sentence)


@dataclass(slots=True)
class Figures:
    """What the audit saw on its way."""

    records: int = 0
    events: int = 0
    superseded: int = 0
    orders: int = 0
    partitions: int = 0
    not_admitted: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    quarantined: list[str] = field(default_factory=list)
    unjudged_columns: list[str] = field(default_factory=list)
    lag: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of one audit."""

    findings: Findings
    figures: Figures
    seconds: float

    @property
    def holds(self) -> bool:
        """Return whether all ten hold."""
        return all(invariant.holds for invariant in self.findings.invariants)

    @property
    def broken(self) -> list[str]:
        """Return what was found, a sentence each, with the name of the invariant before it."""
        return [
            f"{invariant.name}: {example}"
            for invariant in self.findings.invariants
            for example in invariant.examples
        ]

    def as_json(self) -> dict[str, Any]:
        """Return it as `engine verify --json` tells it."""
        figures = self.figures
        return {
            "holds": self.holds,
            "orders": figures.orders,
            "events": figures.events,
            "invariants": [invariant.as_json() for invariant in self.findings.invariants],
            "records": figures.records,
            "superseded": figures.superseded,
            "notAdmitted": dict(sorted(figures.not_admitted.items())),
            "partitions": figures.partitions,
            "ended": dict(sorted(figures.ended.items())),
            "open": dict(sorted(figures.open.items())),
            "quarantined": figures.quarantined,
            "lag": figures.lag,
            "seconds": round(self.seconds, 3),
        }
