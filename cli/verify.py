"""`engine verify`."""

import asyncio
import gc
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from audit.findings import Report
from audit.lists import Lists, read_ids
from audit.verify import Sources, verify
from audit.waiting import come_to_rest
from cli.audits import Bar, ChainUrl, DatabaseUrl, KafkaAddress, Servers, TopicPrefix, audited
from cli.failures import Failure
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir

NO_REST = "orders are open, or the tables are behind the log"
LISTS = "What is known of orders, one order id a line"

Accepted = Annotated[
    Path | None,
    typer.Option(
        rich_help_panel=LISTS, dir_okay=False, help="Answered 202 or 201: all must be in the log."
    ),
]
Refused = Annotated[
    Path | None,
    typer.Option(
        rich_help_panel=LISTS,
        dir_okay=False,
        help="Answered 503: each must be in the log in time, or nowhere.",
    ),
]
Quarantined = Annotated[
    Path | None,
    typer.Option(
        rich_help_panel=LISTS,
        dir_okay=False,
        help="Orders known to be quarantined by an event written in the engine's own name.",
    ),
]
StuckAfter = Annotated[
    float,
    typer.Option(
        min=0, metavar="SECONDS", help="An open order that stands still for longer is stuck."
    ),
]
Wait = Annotated[
    float,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help="First wait, at most so long, until no order is open and the tables have caught up.",
    ),
]


def check(
    *,
    accepted: Accepted = None,
    refused: Refused = None,
    quarantined: Quarantined = None,
    stuck_after: StuckAfter = 60,
    wait: Wait = 0,
    kafka: KafkaAddress = None,
    database_url: DatabaseUrl = None,
    chain_url: ChainUrl = None,
    topic_prefix: TopicPrefix = None,
    as_json: AsJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Check that nothing was lost and nothing done twice.

    Reads the log, the chain's ledger and the tables with code of its own, while the engine may go
    on, and judges ten invariants, I1 to I10. A broken one names the orders. An impossible event of
    another client quarantines its order and breaks none; one of the engine's own breaks I5.

    \b
    Examples:
      engine verify
      engine verify --wait 60 --accepted placed.txt --refused refused.txt
      engine verify --json | jq '.invariants[] | select(.holds | not)'
      engine verify --kafka broker:9092 --database-url postgresql://me@db/engine \\
                    --chain-url postgresql://me@db/chain

    Exit codes: 0 all hold, 1 one is broken or no rest, 2 it cannot be checked, 3 no engine runs.
    """
    servers = Servers(data_dir, topic_prefix, kafka, database_url, chain_url)
    with audited():
        lists = Lists(*map(read_ids, (accepted, refused, quarantined)))
        sources = Sources(*servers.log, servers.tables, servers.ledger)
        at_rest = asyncio.run(_wait(sources, timedelta(seconds=wait))) if wait else None
        report = asyncio.run(_verify(sources, lists, timedelta(seconds=stuck_after)))
    _tell(report, at_rest=at_rest, as_json=as_json)
    if at_rest is False:
        raise Failure(f"There was no rest within {wait:g} s: {NO_REST}")
    raise typer.Exit(0 if report.holds else 1)


def _tell(report: Report, *, at_rest: bool | None, as_json: bool) -> None:
    if as_json:
        rest = {} if at_rest is None else {"atRest": at_rest}
        typer.echo(json.dumps(report.as_json() | rest))
    else:
        show(report)


async def _wait(sources: Sources, patience: timedelta) -> bool:
    with Console(stderr=True).status("Waiting until no order is open"):
        return await come_to_rest(sources, patience)


# Stories are held, not thrown away: to look for cycles among them each time again is in vain.
GARBAGE_THRESHOLD = 200_000


async def _verify(sources: Sources, lists: Lists, stuck_after: timedelta) -> Report:
    gc.set_threshold(GARBAGE_THRESHOLD)
    with Bar("Reading the log") as bar:
        return await verify(
            sources, lists, lambda: datetime.now(UTC), stuck_after=stuck_after, progress=bar.moved
        )


def show(report: Report) -> None:
    """Print the report for people."""
    console = Console(soft_wrap=True, highlight=False)
    table = Table("", "", "Checked", "", box=None)
    table.columns[2].justify = "right"
    for one in report.findings.invariants:
        verdict = "[green]holds[/green]" if one.holds else f"[red]broken {one.broken:,}[/red]"
        table.add_row(one.name, verdict, f"{one.checked:,}", one.says)
    console.print(table)
    for told in report.broken:
        console.print(told, style="red", markup=False)
    console.print(_figures(report))


def _figures(report: Report) -> str:
    figures = report.figures
    rate = figures.records / report.seconds if report.seconds else 0
    told = [
        f"{figures.orders:,} orders ({_counts({**figures.ended, **figures.open})}),",
        f"{figures.events:,} events of {figures.records:,} records,",
        f"{report.seconds:.1f} s ({rate:,.0f} records/s)",
    ]
    if figures.not_admitted:
        told.append(f"\nNot admitted: {_counts(figures.not_admitted)}")
    if figures.quarantined:
        told.append(f"\nQuarantined: {len(figures.quarantined)}")
    if figures.lag:
        told.append(f"\nThe tables are {figures.lag:,} records behind the log")
    if figures.unjudged_columns:
        told.append(f"\nColumns of orders not judged: {', '.join(figures.unjudged_columns)}")
    return " ".join(told)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "none"
