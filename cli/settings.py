"""`engine settings`: what the processes read from their environment."""

import json
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.settings import ApiSettings
from cli.target import AsJson
from projections.settings import ProjectorSettings
from runtime.settings import Settings, variable
from streams.settings import StreamSettings
from venues.settings import VenueSettings

READERS: dict[str, type[Settings]] = {
    "every process": Settings,
    "the simulated venues": VenueSettings,
    "api": ApiSettings,
    "workers": StreamSettings,
    "projector": ProjectorSettings,
}


def settings(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]…", help="Only names that hold these.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List every environment variable that a process of the engine reads, and its default.

    `engine up` hands its own environment on to the processes it starts, and has options for the
    settings people change most.

    \b
    Examples:
      engine settings
      engine settings latency
      ENGINE_EXECUTE_ERROR_RATE=0.2 engine up
    """
    wanted = [word.upper() for word in words or ()]
    found = [one for one in _all() if all(word in one["name"] for word in wanted)]
    if as_json:
        for one in found:
            typer.echo(json.dumps(one))
    else:
        _show(found)


def _all() -> list[dict[str, Any]]:
    told: dict[str, dict[str, Any]] = {}
    for reader, model in READERS.items():
        for name, field in model.model_fields.items():
            told.setdefault(name, _described(name, field, reader))
    return list(told.values())


def _described(name: str, field: FieldInfo, reader: str) -> dict[str, Any]:
    default = field.default
    return {
        "name": variable(name),
        "default": default if isinstance(default, bool | int | float | None) else str(default),
        "readBy": reader,
        "meaning": field.description,
    }


def _show(found: list[dict[str, Any]]) -> None:
    table = Table(box=None, show_header=False)
    table.add_column(no_wrap=True)
    for reader in READERS:
        rows = [one for one in found if one["readBy"] == reader]
        if rows:
            table.add_row(f"[bold]Read by {reader}[/bold]")
        for one in rows:
            unset = one["default"] in {None, ""}
            default = "" if unset else f" Default: {json.dumps(one['default'])}."
            table.add_row(one["name"], escape(one["meaning"] + default))
    Console().print(table, highlight=False)
