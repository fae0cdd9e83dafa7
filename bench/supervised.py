"""An engine of a measurement's own, gone at its end, and what its tables tell of it."""

import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from bench.engine import Engine

HEAD = "select coalesce(max(seq), 0) from order_events"
UNFINISHED = "select n from order_counts where scope = 'unfinished'"
ENDED = "select n from order_counts where scope = 'status' and key in ('completed', 'failed')"
_SCHEMA = "select set_config('search_path', schema_name, false) from public.projection_pointer"
_NOTE_COMMITS = "alter system set track_commit_timestamp = on"


@contextmanager
def supervised(
    *options: str, note_commits: bool = False, environment: Mapping[str, str] | None = None
) -> Iterator[Engine]:
    """Run `engine up` with these options; PostgreSQL can be told to note the time of commits."""
    with tempfile.TemporaryDirectory() as folder:
        # PostgreSQL runs as another user when root starts it.
        Path(folder).chmod(0o755)
        engine = Engine(Path(folder) / "engine", *options, environment=environment)
        try:
            engine.start()
            if note_commits:
                with psycopg.connect(engine.described.database_url, autocommit=True) as connection:
                    connection.execute(_NOTE_COMMITS)
                engine.stop()
                engine.start()
            yield engine
        finally:
            engine.stop()


@contextmanager
def held(engine: Engine, *sorts: str) -> Iterator[None]:
    """Keep all processes of these sorts down until the block ends."""
    names = [name for sort in sorts for name in engine.names(sort)]
    holds = {name: engine.hold_file(name) for name in names}
    for hold in holds.values():
        hold.parent.mkdir(exist_ok=True)
        hold.touch()
    try:
        for name in names:
            engine.signal(name, signal.SIGKILL)
        yield
    finally:
        for hold in holds.values():
            hold.unlink()


@contextmanager
def tables(engine: Engine) -> Iterator[psycopg.Connection]:
    """Open a connection on which the active tables are found by their names."""
    with psycopg.connect(engine.described.database_url, autocommit=True) as connection:
        connection.execute(_SCHEMA)
        yield connection


def rows(engine: Engine, question: LiteralString, *values: object) -> list[tuple[Any, ...]]:
    """Return what the tables answer."""
    with tables(engine) as connection:
        return connection.execute(question, values).fetchall()


def number(engine: Engine, question: LiteralString, *values: object) -> int:
    """Return the sum of what the tables answer, a number in each row."""
    return sum(row[0] for row in rows(engine, question, *values))
