"""`python -m bench`: every figure of the engine beside its limit or baseline, in one run."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from bench.suite.chart import draw
from bench.suite.figures import Report
from bench.suite.markdown import write
from bench.suite.row import Bench
from bench.suite.rows import IN_TURN, ROWS
from bench.suite.run import run
from bench.suite.table import show

WIDTH = 140
NAMES = [row.name for row in ROWS]


def main(  # noqa: PLR0913  (a parameter for each option)
    *,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Only these rows: {', '.join(NAMES)}.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each is measured.")] = 3,
    short: Annotated[bool, typer.Option("--short", help="An eighth of the load.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed, the same market.")] = 1,
    json: Annotated[Path | None, typer.Option(help="Where the report goes as JSON.")] = None,
    chart: Annotated[Path | None, typer.Option(help="Where the chart goes, as SVG.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Where it goes as tables of text.")] = None,
    again: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Measure nothing; tell the report of this JSON file."
        ),
    ] = None,
) -> None:
    """Measure, and print a table; exit with 1 when a row could not be measured."""
    if unknown := set(only or ()) - set(NAMES):
        raise typer.BadParameter(f"no row {', '.join(sorted(unknown))}; {', '.join(NAMES)}")
    _require_folders(json, chart, markdown)
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    rows = [row for row in ROWS if not only or row.name in only]
    if again is not None:
        reports = iter([_read(again)])
    else:
        bench = Bench(rounds=rounds, short=short, seed=seed)
        reports = run(rows, IN_TURN, bench, lambda text: console.print(text, markup=False))
    forms = ((json, _as_json), (chart, draw), (markdown, write))
    # After each row: what ends it early leaves what was measured.
    for report in reports:
        for place, tell in forms:
            if place is not None:
                place.write_text(tell(report) + "\n")
    show(report, console)
    if any(row.failure for row in report.rows):
        raise typer.Exit(1)


def _require_folders(*places: Path | None) -> None:
    for place in places:
        if place is not None and not place.parent.is_dir():
            raise typer.BadParameter(f"there is no folder {place.parent} for {place.name}")


def _read(place: Path) -> Report:
    try:
        return Report.model_validate_json(place.read_text())
    except ValidationError as error:
        raise typer.BadParameter(f"{place} is no report of --json") from error


def _as_json(report: Report) -> str:
    return report.model_dump_json(indent=2)


if __name__ == "__main__":
    typer.run(main)
