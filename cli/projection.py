"""`engine projection`."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NamedTuple

import psycopg
import typer
import uvloop
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from cli.failures import Failure
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir, running_engine
from local.errors import Misconfigured
from local.state import RunningEngine
from orders.errors import NewerSchema
from orders.topics import Topics
from projections.batch import Hole
from projections.consumer import WrongTopic, open_log
from projections.folding import Report
from projections.rebuild import RebuildUnderWay, Rebuilt
from projections.rebuild import rebuild as rebuild_tables
from projections.schema import NewerLayout, WrongPartitions
from projections.tables import Diverged
from runtime.garbage import collect_rarely
from runtime.headers import tolerate_any_names

app = typer.Typer(no_args_is_help=True, help="The tables in PostgreSQL.")


@app.callback()
def projection() -> None:
    """The tables in PostgreSQL."""


@app.command()
def rebuild(
    *,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    kafka: Annotated[
        str | None,
        typer.Option(envvar="ENGINE_KAFKA", help="host:port; else the running engine's."),
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(envvar="ENGINE_DATABASE_URL", help="The tables'; else the running engine's."),
    ] = None,
    partitions: Annotated[
        int, typer.Option(envvar="ENGINE_PARTITIONS", min=1, help="Of the topic at --kafka.")
    ] = 8,
    topic_prefix: Annotated[
        str, typer.Option(envvar="ENGINE_TOPIC_PREFIX", help="Of the topic at --kafka.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make the tables anew from the whole log while the present ones serve, then swap them.

    Every record keeps its number (seq). When the numbers are lost, because order_events is, they
    begin anew in a new epoch, and feeds start over. Ended at any moment, it has changed nothing.

    \b
    Examples:
      engine projection rebuild
      engine projection rebuild --json | jq .records
      ENGINE_KAFKA=broker:9092 ENGINE_DATABASE_URL=postgresql://me@db/engine \\
        engine projection rebuild --partitions 64
    """
    place = _Place(kafka or "", database_url or "", topic_prefix, partitions)
    if not (kafka and database_url):
        place = _place_of(running_engine(data_dir), kafka, database_url)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    collect_rarely()
    tolerate_any_names()
    with _failing(), _progress(shown=not as_json) as report:
        rebuilt = uvloop.run(_rebuild(place, report))
    _tell(rebuilt, as_json=as_json)


class _Place(NamedTuple):
    kafka: str
    database_url: str
    topic_prefix: str
    partitions: int


def _place_of(engine: RunningEngine, kafka: str | None, database_url: str | None) -> _Place:
    return _Place(
        kafka or engine.kafka,
        database_url or engine.database_url,
        engine.topic_prefix,
        engine.partitions,
    )


async def _rebuild(place: _Place, report: Report) -> Rebuilt:
    topic = Topics(place.topic_prefix).events
    async with open_log(place.kafka, topic, place.partitions) as log:
        return await rebuild_tables(log, place.database_url, place.partitions, report)


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except (WrongTopic, WrongPartitions, NewerLayout, NewerSchema) as error:
        raise Misconfigured(_sentence(error)) from error
    except (RebuildUnderWay, Hole, Diverged, psycopg.Error, KafkaError, OSError) as error:
        raise Failure(f"The rebuild failed: {_sentence(error)}") from error


def _sentence(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__


@contextmanager
def _progress(*, shown: bool) -> Iterator[Report]:
    columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    console = Console(stderr=True)
    label = TextColumn("Folding the log")
    with Progress(
        label, *columns, console=console, disable=not (shown and console.is_terminal)
    ) as progress:
        task = progress.add_task("", total=None)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield report


class _Rate(ProgressColumn):
    """How many records are folded in a second."""

    def render(self, task: Task) -> Text:
        """Return the rate of late, or of the whole once it has ended."""
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:,.0f}/s")


def _tell(rebuilt: Rebuilt, *, as_json: bool) -> None:
    if as_json:
        told = {
            "schema": rebuilt.schema,
            "epoch": str(rebuilt.epoch),
            "numbersKept": rebuilt.numbers_kept,
            "records": rebuilt.records,
        }
        typer.echo(json.dumps(told))
        return
    numbers = "same numbers" if rebuilt.numbers_kept else f"new numbers, epoch {rebuilt.epoch}"
    typer.echo(f"{rebuilt.records:,} records are folded into {rebuilt.schema} ({numbers})")
