"""Settings that every process shares, and how a bad one stops the start."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import NoReturn, Self

from pydantic import Field, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "ENGINE_"
CONFIGURATION_ERROR = 2
"""Exit code of a process that cannot start as it is configured; starting it again is no use."""
_SECRETS = frozenset({"ENGINE_JWT_SECRET", "ENGINE_RATE_LIMIT_STORE"})
_PASSWORD = re.compile(r"(?<=//).*(?=@)|(?<=password=)[^&\s']*")


class Settings(BaseSettings):
    """What every process of the engine reads from its environment, once."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    process: str = Field(default="engine", description="The name of this process in the logs.")
    kafka: str = Field(
        default="127.0.0.1:9092",
        pattern=r"^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$",
        description="Kafka's brokers, as host:port,host:port.",
    )
    database_url: str = Field(
        default="postgresql://postgres@127.0.0.1:5432/engine",
        pattern=r"^postgres(ql)?://",
        description="The projection's database.",
    )
    topic_prefix: str = Field(
        default="", pattern=r"^[A-Za-z0-9._-]*$", description="Put before every topic's name."
    )
    partitions: PositiveInt = Field(
        default=8, description="Partitions of each topic of orders; chosen once."
    )
    log_json: bool = Field(default=False, description="Whether a log line is a JSON object.")
    log_level: str = Field(
        default="info",
        pattern=r"^(debug|info|warning|error)$",
        description="The least that is logged: debug, info, warning or error.",
    )
    ready_file: Path | None = Field(
        default=None, description="Made when the process is ready; whoever started it may wait."
    )
    crash_dir: Path | None = Field(
        default=None,
        description="Tests only: where <process>.<point> is a file, the process dies at the point.",
    )
    clock_offsets: str = Field(
        default="",
        pattern=r"^([\w-]+=-?\d{1,10}(,|$))*$",
        description="Tests only: how wrong clocks are, as worker-1=300000,delays=-5 (ms).",
    )

    @classmethod
    def read(cls) -> Self:
        """Return the settings from the environment, or end the process with one sentence."""
        try:
            return cls()
        except ValidationError as error:
            stop(complaint(error))

    @property
    def clock_offset(self) -> timedelta:
        """Return how far this process's local clock is set ahead."""
        offsets = dict(one.split("=") for one in self.clock_offsets.split(",") if one)
        return timedelta(milliseconds=int(offsets.get(self.process, 0)))


def variable(name: str) -> str:
    """Return the environment variable of the setting of that name."""
    return f"{PREFIX}{name}".upper()


def complaint(error: ValidationError) -> str:
    """Return what is wrong with the first bad setting, as a sentence that names its variable."""
    first = error.errors(include_url=False)[0]
    name = variable("_".join(str(part) for part in first["loc"]))
    reason = first["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{name} is {_told(name, first.get('input'))}: {reason}."


def _told(name: str, value: object) -> str:
    """The value as anybody may read it: a secret not at all, an address without its password."""
    return "not accepted" if name in _SECRETS else _PASSWORD.sub("…", repr(value))


def stop(sentence: str) -> NoReturn:
    """End the process for its configuration, saying what to change."""
    sys.stderr.write(f"{sentence}\n")
    raise SystemExit(CONFIGURATION_ERROR)
