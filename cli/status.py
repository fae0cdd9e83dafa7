"""`engine status`."""

import asyncio
import json
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir, running_engine
from local.measures import Measures, measure
from local.state import RunningEngine

COLOURS = {
    "ready": "green",
    "starting": "yellow",
    "backoff": "red",
    "held": "red",
    "stopped": "red",
}


def status(data_dir: DataDir = DEFAULT_DATA_DIR, *, as_json: AsJson = False) -> None:
    """Show the processes of the running engine, its orders, and how far the tables are behind.

    \b
    Examples:
      engine status
      engine status --json | jq .counts
    """
    engine = running_engine(data_dir)
    measures = asyncio.run(measure(engine))
    if as_json:
        typer.echo(json.dumps(_as_json(engine, measures)))
    else:
        _show(engine, measures)


def _as_json(engine: RunningEngine, measures: Measures) -> dict[str, Any]:
    described = engine.model_dump(mode="json", by_alias=True, exclude={"environment"})
    return {
        **described,
        "counts": measures.counts,
        "lag": measures.lag,
        "quarantined": measures.quarantined,
        "deadLetters": measures.dead_letters,
    }


def _show(engine: RunningEngine, measures: Measures) -> None:
    console = Console()
    table = Table("Process", "State", "PID", "Restarts", box=None)
    for process in engine.processes:
        colour = COLOURS[process.state]
        state = f"[{colour}]{process.state}[/{colour}]"
        table.add_row(process.name, state, str(process.pid or ""), str(process.restarts))
    console.print(table)
    console.print()
    console.print(f"API     {engine.url}", highlight=False)
    console.print(f"Kafka   {engine.kafka}", highlight=False)
    console.print(f"Orders  {_told(measures.counts)}", highlight=False)
    lag = measures.lag and measures.lag["total"]
    console.print(f"Lag     {'unknown' if lag is None else f'{lag} events'}", highlight=False)
    if measures.quarantined:
        told = f"{measures.quarantined} orders: engine quarantine list"
        console.print(f"[red]Quarantined  {told}[/red]", highlight=False)
    if measures.dead_letters:
        told = f"{measures.dead_letters} records: engine dead-letters list"
        console.print(f"[red]Not admitted {told}[/red]", highlight=False)


def _told(counts: dict[str, int] | None) -> str:
    if counts is None:
        return "unknown"
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none yet"
