"""`engine watch`."""

import asyncio
import json
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import psycopg
import typer
from psycopg.rows import dict_row
from rich.console import Console

from cli.failures import Failure
from cli.feed import follow
from cli.target import (
    DEFAULT_DATA_DIR,
    AsJson,
    DataDir,
    Token,
    Url,
    api_url,
    bearing,
    running_engine,
)
from local.measures import ACTIVE_SCHEMA

PAGE = 500
# A notification wakes at once; looking now and then covers one that got lost.
LOOK_AGAIN_SECONDS = 5
HEAD = "select coalesce(max(seq), 0) as seq from order_events"
NEXT = """
select seq, order_id, version, type, superseded, occurred_at, data
from order_events where seq > %s order by seq limit %s
"""


def watch(  # noqa: PLR0913  (one argument for each option)
    order: Annotated[str | None, typer.Argument(help="One order's id; else all orders.")] = None,
    *,
    since: Annotated[
        int | None, typer.Option(min=0, help="Begin after this seq; 0 shows everything.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="End after so many events of all orders.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show what happens, as it happens; Ctrl-C ends it.

    \b
    Examples:
      engine watch
      engine watch --count 10
      engine watch --since 0 --json | jq -c 'select(.type == "OrderFailed")'
      engine watch 0b8e3f6c-…
    """
    if order is None and url is not None:
        raise typer.BadParameter(
            "all orders are read from the tables of an engine on this machine: "
            "name one order, or leave out --url (ENGINE_URL)"
        )
    if order is not None and (since is not None or count is not None):
        raise typer.BadParameter("--since and --count are for all orders, not for one")
    if order is not None:
        address = api_url(url, data_dir)
        asyncio.run(follow(address, order, bearing(token), as_json=as_json))
        return
    try:
        events = _tail(running_engine(data_dir).database_url, since)
        for event in islice(events, count):
            _show(event, as_json=as_json)
    except psycopg.Error as error:
        raise Failure(f"The tables cannot be read: {' '.join(str(error).split())}") from error


def _tail(database_url: str, since: int | None) -> Iterator[dict[str, Any]]:
    with psycopg.connect(database_url, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("listen order_events")
        position = _read(connection, HEAD)[0]["seq"] if since is None else since
        while True:
            page = _read(connection, NEXT, (position, PAGE))
            for event in page:
                yield event
                position = event["seq"]
            if len(page) < PAGE:
                _wait(connection)


def _read(
    connection: psycopg.Connection[dict[str, Any]], query: str, arguments: tuple[int, ...] = ()
) -> list[dict[str, Any]]:
    with connection.transaction():
        connection.execute(ACTIVE_SCHEMA)
        return connection.execute(query, arguments).fetchall()


def _wait(connection: psycopg.Connection[dict[str, Any]]) -> None:
    for _ in connection.notifies(timeout=LOOK_AGAIN_SECONDS, stop_after=1):
        return


def _show(event: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**event, "occurred_at": event["occurred_at"].isoformat()}))
        return
    note = " [dim](superseded)[/dim]" if event["superseded"] else ""
    line = (
        f"{event['occurred_at']:%H:%M:%S.%f}  {event['seq']:>6}  {event['order_id']}  "
        f"v{event['version'] or '-'}  [bold]{event['type']}[/bold]{note}"
    )
    Console(soft_wrap=True).print(line, highlight=False)
