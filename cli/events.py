"""`engine events`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from audit.export import Export, Format
from audit.log import open_log
from audit.state import State
from cli.audits import Bar, KafkaAddress, Servers, TopicPrefix, audited
from cli.target import DEFAULT_DATA_DIR, DataDir

app = typer.Typer(no_args_is_help=True, help="The log's records.")


@app.callback()
def events() -> None:
    """The log's records."""


@app.command("export")
def export(
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="PATH", help="A file, or for parquet a folder of them.")
    ],
    form: Annotated[
        Format, typer.Option("--format", help="Lines of JSON, of CSV, or files of Parquet.")
    ] = "jsonl",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what was exported there and begin anew.")
    ] = False,
    checkpoint: Annotated[
        int,
        typer.Option(
            min=1, metavar="RECORDS", help="Make what was written durable every so many records."
        ),
    ] = 50_000,
    kafka: KafkaAddress = None,
    topic_prefix: TopicPrefix = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Write every record of the log to a file, by the broker's time, to the log's end as it is now.

    Run again, it goes on where it stopped, however it was ended: each record is there once. How
    far it is stands beside the output, in PATH.state.json.

    \b
    Examples:
      engine events export --out log.jsonl
      engine events export --format csv --out log.csv
      engine events export --format parquet --out log

    A line of jsonl is as `engine replay` prints it; the columns of csv and parquet are told apart
    from the record, which stands in `value` as it is in the log.
    """
    servers = Servers(data_dir, topic_prefix, kafka)
    with audited():
        state = asyncio.run(_export(servers.log, out, form, checkpoint, fresh=fresh))
    typer.echo(f"{out} holds {state.records:,} records, the log to its end")


async def _export(
    place: tuple[str, str], out: Path, form: Format, checkpoint: int, *, fresh: bool
) -> State:
    with Bar("Exporting") as bar:
        async with open_log(*place) as log:
            export = Export(out, checkpoint, bar.moved)
            return await export.run(log, place[1], form, fresh=fresh)
