"""`engine orders` and `engine cancel`."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api import exact
from api.changing_schemas import MOST
from api.positions import HEADER
from cli.calls import call
from cli.failures import Failure
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir, Token, Url, api_url, bearing

MOST_ROUNDS = 1_000
_WIDEST = 1_000
"""Of a line: a terminal wraps it, and an id that was cut to fit could not be used."""

Kind = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="market, limit or sniper.")
]
Pair = Annotated[str | None, typer.Option(help="tokenIn/tokenOut, such as SOL/USDC.")]
User = Annotated[str | None, typer.Option(help="Whose orders.")]


def orders(
    *,
    still_open: Annotated[
        bool, typer.Option("--open", help="Those that have not ended, at rest or under way.")
    ] = False,
    status: Annotated[
        str | None, typer.Option(help="Statuses: open, final, resting, completed, expired …")
    ] = None,
    user: User = None,
    kind: Kind = None,
    pair: Pair = None,
    count: Annotated[int, typer.Option(min=1, max=500, help="How many, the newest.")] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show orders, the newest first.

    \b
    Examples:
      engine orders --open
      engine orders --status resting --type limit --pair SOL/USDC
      engine orders --user alice --json | jq -r .id
    """
    if still_open and status is not None:
        raise typer.BadParameter("--open is a --status: name one of them")
    query = {"status": "open" if still_open else status, "userId": user, "type": kind, "pair": pair}
    given = {name: value for name, value in query.items() if value is not None}
    address = f"{api_url(url, data_dir)}/api/orders"
    found = _listed(address, bearing(token), given, count)
    if as_json:
        for order in found:
            typer.echo(exact.write(order).decode())
    elif found:
        _show(found)
    else:
        typer.echo("There are no such orders")


def _listed(
    address: str, headers: dict[str, str], given: Mapping[str, str], count: int
) -> list[dict[str, Any]]:
    """The first orders of a list: a page may end before it is full, or be empty."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    for _ in range(MOST_ROUNDS):
        query = {**given, **after, "limit": str(count - len(found))}
        page = _read(call("GET", address, headers, query=query).text)
        found += page["orders"]
        cursor = page.get("nextCursor")
        if len(found) == count or cursor is None:
            return found
        after = {"cursor": cursor}
    raise Failure(f"After {MOST_ROUNDS:,} pages of the list {len(found)} orders were found")


def _read(text: str) -> dict[str, Any]:
    """The answer with every digit of its numbers."""
    read: dict[str, Any] = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    return read


def _show(found: list[dict[str, Any]]) -> None:
    table = Table("Order", "Status", "Type", "Sells", "For", "Price", "Ends", "Why", box=None)
    for one in found:
        price = one["executedPrice"] or one["targetPrice"]
        table.add_row(
            *(one["id"], one["status"], one["orderType"]),
            *(f"{one['amount']:f} {one['tokenIn']}", one["tokenOut"]),
            *("" if price is None else f"{price:f}", (one["expiresAt"] or "")[:19]),
            (one["errorReason"] or "").partition(":")[0],
        )
    Console(width=_WIDEST).print(table, highlight=False, soft_wrap=True)


def cancel(
    order: Annotated[list[str] | None, typer.Argument(help="Ids of orders.")] = None,
    *,
    user: User = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every open order that you may cancel.")
    ] = False,
    kind: Kind = None,
    pair: Pair = None,
    as_json: AsJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = None,
    token: Token = None,
) -> None:
    """Ask to cancel orders. One that is tried at a venue just now comes to its outcome first.

    \b
    Examples:
      engine cancel 0b8e3f6c-…
      engine cancel --user alice --type limit --pair SOL/USDC
      engine cancel --all

    It fails (exit code 1) when one of them cannot be cancelled: it has ended, is not there, or is
    named and not of the --type or --pair.
    """
    if [bool(order), user is not None, everything].count(True) != 1:
        raise typer.BadParameter("name orders, or --user, or --all")
    chosen = {"userId": user, "all": everything or None, "orderType": kind, "pair": pair}
    address = f"{api_url(url, data_dir)}/api/orders/cancel"
    refused = asked = 0
    for some in _at_once(list(dict.fromkeys(order or []))):
        for result in _cancelled(address, bearing(token), chosen | {"orderIds": some}):
            asked += 1
            refused += result["status"] != 202
            _tell(result, as_json=as_json)
    if refused:
        raise Failure(f"{refused} of {asked} orders cannot be cancelled")
    if not asked and not as_json:
        typer.echo("There are no such open orders")


def _at_once(order_ids: list[str]) -> Iterator[list[str] | None]:
    """Yield the ids in as many parts as it takes requests; where none is named, one nothing."""
    for start in range(0, len(order_ids) or 1, MOST):
        yield order_ids[start : start + MOST] or None


def _cancelled(
    address: str, headers: dict[str, str], wanted: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield what came of each order, once, asking again until these are all. Raises Failure."""
    seen: set[str] = set()
    for _ in range(MOST_ROUNDS):
        answer = call("POST", address, headers, wanted)
        told = _read(answer.text)
        new = [one for one in told["results"] if one["orderId"] not in seen]
        yield from new
        if told["complete"]:
            return
        if not new:
            break
        seen.update(one["orderId"] for one in new)
        if HEADER in answer.headers:
            # Whichever process answers next waits until it sees what was asked.
            headers = {**headers, HEADER: answer.headers[HEADER]}
    raise Failure("There are more than could be asked about now: run the command again later")


def _tell(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(exact.write(result).decode())
    elif result["status"] == 202:
        typer.echo(
            f"Order {result['orderId']}: asked to cancel, it was {result['order']['status']}"
        )
    else:
        typer.echo(f"Order {result['orderId']}: {result['error']['message']}")
