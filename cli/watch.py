"""`engine watch`."""

import asyncio
from typing import Annotated

import typer

from cli.feed import follow, follow_all
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir, Token, Url, api_url, bearing

LAST_SEQ = 2**63 - 2


def watch(
    order: Annotated[str | None, typer.Argument(help="One order's id; else all orders.")] = None,
    *,
    since: Annotated[
        int | None, typer.Option(min=0, max=LAST_SEQ, help="Begin after this seq; 0 shows all.")
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
    if order is not None and (since is not None or count is not None):
        raise typer.BadParameter("--since and --count are for all orders, not for one")
    base, headers = api_url(url, data_dir), bearing(token)
    if order is not None:
        asyncio.run(follow(base, order, headers, as_json=as_json))
    else:
        asyncio.run(follow_all(base, headers, since, count, as_json=as_json))
