"""`engine quarantine`."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.audits import DatabaseUrl, Servers
from cli.failures import Failure
from cli.plain import plain, second
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir
from local.quarantine import Case, Row, case_of, quarantined

HELP = """
Orders whose history in the log is impossible: set aside, so that all others go on.

An event with a version to come, or one that cannot follow, quarantines its order. Nothing is
started for it any more; what may have been sent to a venue before is still resolved and recorded,
and ends the order. One with nothing sent stays quarantined.
"""

app = typer.Typer(no_args_is_help=True, help=HELP)


@app.callback()
def quarantine() -> None:
    """Orders whose history in the log is impossible."""


@app.command("list")
def list_orders(
    *,
    limit: Annotated[int, typer.Option(min=1, help="Show so many at most.")] = 50,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """List the orders that are quarantined, the latest first.

    \b
    Examples:
      engine quarantine list
      engine quarantine list --json | jq -r .orderId
    """
    orders = quarantined(Servers(data_dir, None, None, database_url).tables, limit)
    if as_json:
        for order in orders:
            typer.echo(json.dumps(_described(order)))
    else:
        _show_all(orders)


@app.command()
def show(
    order: Annotated[str, typer.Argument(help="The order's id.")],
    *,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Show an order that is or was quarantined, its events, and which of them is impossible.

    \b
    Examples:
      engine quarantine show 0b8e3f6c-…
      engine quarantine show 0b8e3f6c-… --json | jq '.events[] | select(.impossible)'
    """
    case = case_of(Servers(data_dir, None, None, database_url).tables, order.lower())
    if case is None:
        raise Failure(f"Order {order} is not quarantined and never was")
    if as_json:
        typer.echo(json.dumps(_described_case(case)))
    else:
        _show_one(case)


def _described(order: Row) -> dict[str, Any]:
    return {
        "orderId": order["order_id"],
        "status": order["status"],
        "version": order["version"],
        "attempts": order["attempts"],
        "venue": order["venue"],
        "since": order["since"].isoformat(),
        "why": order["why"],
    }


def _described_case(case: Case) -> dict[str, Any]:
    return {
        "orderId": case.order["order_id"],
        "status": case.order["status"],
        "quarantined": case.order["quarantined"],
        "why": case.why,
        "executionId": case.execution_id,
        "events": [
            {
                "seq": event["seq"],
                "partition": event["partition"],
                "offset": event["offset"],
                "version": event["version"],
                "type": event["type"],
                "superseded": event["superseded"],
                "impossible": event["seq"] == case.seq,
                "occurredAt": event["occurred_at"].isoformat(),
                "appendedAt": event["appended_at"].isoformat(),
                "data": json.loads(event["data"]),
            }
            for event in case.events
        ],
    }


def _show_all(orders: list[Row]) -> None:
    if not orders:
        typer.echo("No order is quarantined")
        return
    table = Table(
        Column("Order", no_wrap=True), "Since (UTC)", "Status", "Version", "Why", box=None
    )
    for order in orders:
        why = escape(plain(order["why"]))
        version = str(order["version"])
        table.add_row(order["order_id"], second(order["since"]), order["status"], version, why)
    Console().print(table, highlight=False)


def _show_one(case: Case) -> None:
    status = case.order["status"]
    now = "quarantined" if case.order["quarantined"] else f"no longer: it ended {status}"
    typer.echo(f"Order   {case.order['order_id']}")
    typer.echo(f"Status  {status}, {now}")
    typer.echo(f"Why     {plain(case.why)}")
    sent = f"{plain(case.execution_id)}, resolved in any case" if case.execution_id else "nothing"
    typer.echo(f"Sent    {sent}")
    table = Table("Seq", "Place", "Appended (UTC)", "Version", "Event", "", box=None)
    for event in case.events:
        note = "impossible" if event["seq"] == case.seq else ""
        table.add_row(
            str(event["seq"]),
            f"{event['partition']}:{event['offset']}",
            second(event["appended_at"]),
            str(event["version"] or "-"),
            event["type"],
            note or ("superseded" if event["superseded"] else ""),
        )
    Console().print(table, highlight=False)
