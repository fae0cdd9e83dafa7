"""Which engine a command is about."""

from pathlib import Path
from typing import Annotated

import typer

from cli.failures import Failure, NotReady, NotRunning
from local.datadir import holder
from local.state import RunningEngine, find_running

DEFAULT_DATA_DIR = Path(".engine")


def _home_found(folder: Path) -> Path:
    # A shell leaves the ~ of a quoted value or of a variable as it is.
    try:
        return folder.expanduser()
    except RuntimeError as error:
        raise typer.BadParameter(f"{folder}: {error}") from error


DataDir = Annotated[
    Path,
    typer.Option(
        envvar="ENGINE_DATA_DIR",
        help="The folder of the engine: its log, tables, ports and log files.",
        file_okay=False,
        callback=_home_found,
    ),
]
Url = Annotated[
    str | None,
    typer.Option(envvar="ENGINE_URL", help="An engine elsewhere, such as http://host:3000."),
]
Token = Annotated[
    str | None,
    typer.Option(envvar="ENGINE_TOKEN", help="Who you are, where the engine asks for it."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for scripts, one value a line.")]


def running_engine(data_dir: Path, options: str = "--data-dir") -> RunningEngine:
    """Return the engine that runs on the data directory.

    Raises NotReady, or NotRunning, which tells that another is named with these options.
    """
    engine = find_running(data_dir)
    if engine is None and (pid := holder(data_dir)):
        raise NotReady(data_dir, pid)
    if engine is None:
        raise NotRunning(data_dir, options)
    return engine


def bearing(token: str | None) -> dict[str, str]:
    """Return the headers that carry a token, if there is one. Raises Failure."""
    if token and not (token.isascii() and token.isprintable()):
        # What libraries say of such a header shows it.
        raise Failure("The token has characters that no token has: see ENGINE_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}


def api_url(url: str | None, data_dir: Path) -> str:
    """Return the address of the HTTP API, without a slash at its end. Raises NotRunning."""
    return (url or running_engine(data_dir, "--data-dir or --url").url).rstrip("/")
