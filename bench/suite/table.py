"""The report as a table on the terminal."""

from rich.console import Console
from rich.table import Table

from bench.suite.figures import Beside, Figure, Report, Target


def show(report: Report, console: Console) -> None:
    """Print every figure with its spread, what stands beside it and whether it is enough."""
    machine = report.machine
    console.print(
        f"{machine.cores} cores, {machine.memory_gb:.0f} GB, Python {machine.python}, load before "
        f"{machine.load_before:.1f}; median of {report.rounds} rounds (least to most)"
        f"{', short form' if report.short else ''}"
    )
    for row in report.rows:
        table = Table(title=f"{row.title} ({row.seconds:.0f} s)", title_justify="left", expand=True)
        table.add_column("figure", ratio=4)
        table.add_column("median (least to most)", justify="right", ratio=4)
        table.add_column("beside it", ratio=6)
        table.add_column("target", ratio=3)
        loads = list(dict.fromkeys(figure.load for figure in row.figures))
        for figure in row.figures:
            table.add_row(*_cells(figure, loads))
        table.caption = "\n".join(f"[{n}] {load}" for n, load in enumerate(loads, 1))
        table.caption_justify = "left"
        console.print(table, markup=False)
        if row.failure:
            console.print(f"not measured: {row.failure}", markup=False)


def told(rounds: Figure | Beside) -> str:
    """Return the median, the spread and the unit in words."""
    least, most = rounds.spread
    spread = f" ({number(least)} to {number(most)})" if len(rounds.values) > 1 else ""
    return f"{number(rounds.median)}{spread} {rounds.unit}"


def aim(target: Target, unit: str) -> str:
    """Return what is asked for, in words."""
    sign, limit = ("≥", target.at_least) if target.at_least is not None else ("≤", target.at_most)
    limit = limit or 0.0
    return f"{sign} {limit:.0%}" if target.share else f"{sign} {number(limit)} {unit}"


def number(value: float) -> str:
    """Return a number with as many digits as matter."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def part(share: float) -> str:
    """Return a share in words: a percentage of something, or so many times as much."""
    return f"{share:.0%} of" if share < 2 else f"{number(share)} times"


def _cells(figure: Figure, loads: list[str]) -> tuple[str, str, str, str]:
    beside = "\n".join(f"{one.name}: {told(one)}" for one in figure.beside)
    share = f"{part(figure.share)} " if figure.share is not None else ""
    target = ""
    if figure.target is not None:
        target = f"{aim(figure.target, figure.unit)}: {'yes' if figure.holds else 'NO'}"
    name = f"{figure.name} [{loads.index(figure.load) + 1}]"
    return name, told(figure), f"{share}{beside}", target
