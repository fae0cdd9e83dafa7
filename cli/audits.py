"""What the commands that read the log itself share: which servers, how far, what failed."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from audit.errors import Unreadable, Unusable
from cli.failures import CannotCheck, NotRunning
from local.state import RunningEngine, find_running
from orders.errors import NewerSchema
from orders.topics import Topics

SERVERS = "Servers, else those of the running engine"

KafkaAddress = Annotated[
    str | None,
    typer.Option("--kafka", envvar="ENGINE_KAFKA", rich_help_panel=SERVERS, help="host:port."),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(envvar="ENGINE_DATABASE_URL", rich_help_panel=SERVERS, help="The tables."),
]
ChainUrl = Annotated[
    str | None,
    typer.Option(envvar="ENGINE_CHAIN_URL", rich_help_panel=SERVERS, help="The chain's ledger."),
]
TopicPrefix = Annotated[
    str | None,
    typer.Option(
        envvar="ENGINE_TOPIC_PREFIX", rich_help_panel=SERVERS, help="Put before the log's name."
    ),
]


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers that were named; an engine that runs knows those that were not."""

    data_dir: Path
    topic_prefix: str | None
    kafka: str | None
    database_url: str | None = None
    chain_url: str | None = None

    @property
    def log(self) -> tuple[str, str]:
        """Return Kafka's address and the name of the log. Raises NotRunning."""
        kafka, topics = self.topics
        return kafka, topics.events

    @property
    def topics(self) -> tuple[str, Topics]:
        """Return Kafka's address and the engine's topics. Raises NotRunning."""
        if self.kafka is not None:
            return self.kafka, Topics(self.topic_prefix or "")
        engine, prefix = self._engine, self.topic_prefix
        return engine.kafka, Topics(engine.topic_prefix if prefix is None else prefix)

    @property
    def tables(self) -> str:
        """Return the URL of the tables. Raises NotRunning."""
        return self.database_url or self._engine.database_url

    @property
    def ledger(self) -> str:
        """Return the URL of the chain's ledger. Raises NotRunning."""
        return self.chain_url or self._engine.chain_url

    @property
    def _engine(self) -> RunningEngine:
        engine = find_running(self.data_dir)
        if engine is None:
            raise NotRunning(self.data_dir, "--data-dir, or its servers with --kafka and the like")
        return engine


@contextmanager
def audited() -> Iterator[None]:
    """Turn what makes an audit impossible into one sentence and its exit code."""
    # What the client of Kafka logs while a broker is away is told once, at the end.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)
    try:
        yield
    except (Unreadable, Unusable, NewerSchema) as error:
        raise CannotCheck(str(error)) from error


class Bar:
    """A progress bar on standard error while it is a terminal; elsewhere it says nothing."""

    def __init__(self, what: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task(what, total=None)

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def moved(self, done: int, total: int) -> None:
        """Show that so many of so many are done."""
        self._progress.update(self._task, completed=done, total=total)
