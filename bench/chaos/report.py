"""What a campaign tells in the end: a table for people, JSON for machines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.chaos.faults import Done
from bench.chaos.kinds import Became, never


@dataclass(frozen=True, slots=True)
class Report:
    """One campaign: what was done, what it was felt as (seconds), and what the audit found."""

    seed: int
    seconds: float
    faults: Sequence[Done]
    felt: Mapping[str, Sequence[float]]
    undisturbed: float
    answers: Mapping[str, int]
    asked: Mapping[str, int]
    market: Mapping[str, int]
    became: Became
    verdict: Mapping[str, Any]

    @property
    def holds(self) -> bool:
        """Return whether every invariant holds, of all orders, with all of them at their end."""
        at_rest = (self.verdict.get(name) for name in ("lag", "open", "quarantined"))
        return bool(self.verdict.get("holds")) and not any(at_rest)

    @property
    def kills(self) -> int:
        """Return how many processes were killed."""
        return sum(done.kills for done in self.faults)

    def as_json(self) -> dict[str, Any]:
        """Return everything."""
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "holds": self.holds,
            "kills": self.kills,
            "placements": dict(self.answers),
            "orders": {kind: dict(words) for kind, words in sorted(self.became.items())},
            "asked": dict(self.asked),
            "market": dict(self.market),
            "never": self.never,
            "undisturbedOrderSeconds": round(self.undisturbed, 3),
            "faults": [_row(name, times) for name, times in self.felt.items()],
            "notDone": [f"{done.fault.name} {done.target}: {done.why}" for done in self.failed],
            "verdict": dict(self.verdict),
        }

    @property
    def missing(self) -> list[str]:
        """Return the names of the faults of which not one could be done."""
        done = {one.fault.name for one in self.faults if not one.why}
        return sorted({one.fault.name for one in self.failed} - done)

    @property
    def never(self) -> list[str]:
        """Return what no order of a kind did."""
        return never(self.became)

    @property
    def failed(self) -> list[Done]:
        """Return the faults that could not be done."""
        return [done for done in self.faults if done.why]

    def show(self, console: Console) -> None:
        """Print the report."""
        table = Table("Fault", "Times", "Felt p50", "Felt max", box=None)
        for name in ("Times", "Felt p50", "Felt max"):
            table.columns[["Times", "Felt p50", "Felt max"].index(name) + 1].justify = "right"
        for name, times in self.felt.items():
            row = _row(name, times)
            table.add_row(name, str(row["times"]), f"{row['p50']:.1f} s", f"{row['max']:.1f} s")
        console.print(table)
        self._show_orders(console)
        console.print(f"An order that nothing disturbed took {self.undisturbed:.2f} s (median)")
        for done in self.failed:
            console.print(f"Not done: {done.fault.name} {done.target}: {done.why}")
        for what, names in (("done", self.missing), ("seen", self.never)):
            if names:
                console.print(f"[red]Never {what}[/red]: {', '.join(names)}")
        for one in self.verdict.get("invariants", ()):
            colour, word = ("green", "holds") if one["holds"] else ("red", "BROKEN")
            console.print(f"[{colour}]{one['name']:>4} {word}[/{colour}] {one['says']}")
            for example in one["examples"]:
                console.print(f"       {example}", markup=False)

    def _show_orders(self, console: Console) -> None:
        answers = _list(self.answers)
        console.print(f"\nPlacements: {answers}; {self.kills} kills in {self.seconds:.0f} s")
        for kind, words in self.became.items():
            console.print(f"  {kind}: {_list(words)}")
        console.print(f"Asked of orders: {_list(self.asked)}; market: {_list(self.market)}")


def _row(name: str, times: Sequence[float]) -> dict[str, Any]:
    worst, usual = max(times, default=0.0), median(times or [0.0])
    return {"fault": name, "times": len(times), "p50": round(usual, 2), "max": round(worst, 2)}


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))


def count_answers(statuses: Sequence[int | None]) -> dict[str, int]:
    """Return how many placements got which answer, by status; `none` broke off."""
    return dict(Counter(str(status or "none") for status in statuses))
