"""The file that tells the world about the running engine: <data directory>/engine.json."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from local.child import Child, State

FILE = "engine.json"
CLOCK_SLACK_SECONDS = 2


class Wire(BaseModel):
    """JSON in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class RunningProcess(Wire):
    """One process of the engine."""

    name: str
    pid: int | None
    state: State
    restarts: int
    created_at: float | None
    """Seconds since 1970: with the pid it names one process for ever."""


class Endpoints(Wire):
    """Where the parts of a running engine are found."""

    kafka: str
    database_url: str
    chain_url: str
    url: str
    topic_prefix: str
    partitions: int


class RunningEngine(Endpoints):
    """A running engine; `pid` is the supervisor's."""

    pid: int
    created_at: float
    ready: bool
    processes: tuple[RunningProcess, ...]
    environment: Mapping[str, str]
    """What its processes get beside the supervisor's own variables."""

    def environment_of_one_more(self) -> dict[str, str]:
        """Return the variables of one more process, which needs a name (`ENGINE_PROCESS`).

        Raises psutil.Error when the supervisor is gone.
        """
        return {**psutil.Process(self.pid).environ(), **self.environment}


def describe(
    endpoints: Endpoints,
    children: Iterable[Child],
    *,
    ready: bool,
    environment: Mapping[str, str],
) -> RunningEngine:
    """Return the description of this process's engine."""
    processes = tuple(
        RunningProcess(
            name=child.name,
            pid=child.pid,
            state=child.state,
            restarts=child.restarts,
            created_at=child.created_at,
        )
        for child in children
    )
    return RunningEngine(
        **endpoints.model_dump(),
        pid=os.getpid(),
        created_at=psutil.Process().create_time(),
        ready=ready,
        processes=processes,
        environment=environment,
    )


def write(directory: Path, engine: RunningEngine) -> None:
    """Replace the file; a reader sees the old one or the new one. It holds a password."""
    new = directory / f"{FILE}.new"
    new.touch(mode=0o600)
    new.write_text(engine.model_dump_json(by_alias=True, indent=2))
    new.replace(directory / FILE)


def read(directory: Path) -> RunningEngine | None:
    """Return what the file says, whether that engine still runs or not."""
    try:
        return RunningEngine.model_validate(json.loads((directory / FILE).read_text()))
    except (FileNotFoundError, NotADirectoryError, ValidationError, ValueError):
        return None


def find_running(directory: Path) -> RunningEngine | None:
    """Return the engine that runs on the data directory."""
    engine = read(directory)
    return engine if engine and alive(engine.pid, engine.created_at) else None


def alive(pid: int | None, created_at: float | None) -> psutil.Process | None:
    """Return the process, if it is that one and not a later one with the same number."""
    if pid is None or created_at is None:
        return None
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - created_at) < CLOCK_SLACK_SECONDS
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None
