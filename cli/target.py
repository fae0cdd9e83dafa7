"""Which engine a command is about."""

from pathlib import Path
from typing import Annotated

import typer

from cli.failures import NotRunning
from local.state import RunningEngine, find_running

DEFAULT_DATA_DIR = Path(".engine")

DataDir = Annotated[
    Path,
    typer.Option(
        envvar="ENGINE_DATA_DIR",
        help="The folder of the engine: its log, tables, ports and log files.",
        file_okay=False,
    ),
]
Url = Annotated[
    str | None,
    typer.Option(envvar="ENGINE_URL", help="An engine elsewhere, such as http://host:3000."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for scripts, one value a line.")]


def running_engine(data_dir: Path) -> RunningEngine:
    """Return the engine that runs on the data directory. Raises NotRunning."""
    engine = find_running(data_dir)
    if engine is None:
        raise NotRunning(data_dir)
    return engine


def api_url(url: str | None, data_dir: Path) -> str:
    """Return the address of the HTTP API, without a slash at its end. Raises NotRunning."""
    return (url or running_engine(data_dir).url).rstrip("/")
