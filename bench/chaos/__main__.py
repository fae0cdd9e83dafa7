"""`python -m bench.chaos`: a seeded fault campaign against an engine of its own."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.chaos.campaign import Campaign
from bench.chaos.plan import FULL, SHORT

ROUND_S = FULL.seconds / FULL.rounds


def main(
    *,
    seed: Annotated[int, typer.Option(help="The same seed, the same faults and orders.")] = 1,
    short: Annotated[bool, typer.Option("--short", help="A minute instead of 46.")] = False,
    seconds: Annotated[
        float | None, typer.Option(help="So long instead, as dense as the long one.", min=240)
    ] = None,
    per_second: Annotated[float, typer.Option(help="Placements a second.")] = 12,
    data_dir: Annotated[Path, typer.Option(help="Emptied first.")] = Path(".engine-chaos"),
    report: Annotated[Path | None, typer.Option(help="Where the JSON report goes.")] = None,
) -> None:
    """Hurt an engine under load and see whether it keeps its promises: exit 0 when all hold.

    A sort of fault that could not be done at all is a failure of the campaign, and so is a kind of
    order of which nothing was seen.
    """
    scale = SHORT if short else FULL
    if seconds:
        scale = replace(scale, seconds=seconds, rounds=max(1, round(seconds / ROUND_S)))
    shutil.rmtree(data_dir, ignore_errors=True)
    console = Console(soft_wrap=True, highlight=False)
    campaign = Campaign(
        seed=seed,
        scale=scale,
        per_second=per_second,
        data_dir=data_dir,
        clock=lambda: datetime.now(UTC),
        say=console.print,
    )
    told = campaign.run()
    told.show(console)
    if report is not None:
        report.write_text(json.dumps(told.as_json(), indent=2) + "\n")
    if told.missing or told.never or not told.holds:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
