"""What a person has set, looked at before anything is started: unknown names and bad values.

Every process looks at its own again; here the whole of it is refused in the first second.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from api.settings import ApiSettings
from local.errors import Misconfigured
from local.options import Options
from projections.settings import ProjectorSettings
from runtime.settings import Settings, complaint, variable
from streams.settings import StreamSettings

MODELS: tuple[type[Settings], ...] = (ApiSettings, StreamSettings, ProjectorSettings)
OF_COMMANDS = frozenset(
    {
        "ENGINE_URL",
        "ENGINE_TOKEN",
        "ENGINE_REPLICATION",
        "ENGINE_KAFKA_JARS",
        "ENGINE_MAVEN_URL",
    }
)
OF_TESTS = "ENGINE_TEST_"


def require_known(environment: Iterable[str]) -> None:
    """Raise Misconfigured for a variable that looks like the engine's and is read by nothing."""
    known = {variable(name) for model in MODELS for name in model.model_fields}
    known |= {variable(choice.name) for choice in fields(Options)} | OF_COMMANDS
    for name in sorted(environment):
        if not name.startswith("ENGINE_") or name.startswith(OF_TESTS) or name in known:
            continue
        close = get_close_matches(name, known, n=1, cutoff=0.8)
        way_out = f"did you mean {close[0]}?" if close else "unset it"
        raise Misconfigured(f"{name} is no setting of the engine: {way_out}")


def require_valid(options: Options) -> None:
    """Raise Misconfigured for a value, chosen or from the environment, that a process refuses."""
    chosen = {name: value for name, value in asdict(options).items() if value is not None}
    for model in MODELS:
        _require_accepted(model, chosen)
    for name in ("database_url", "chain_url"):
        _require_url(name, chosen.get(name))


def require_address(kafka: str, topic_prefix: str) -> None:
    """Raise Misconfigured for a Kafka or a prefix that cannot be one."""
    _require_accepted(Settings, {"kafka": kafka, "topic_prefix": topic_prefix})


def _require_accepted(model: type[Settings], chosen: Mapping[str, Any]) -> None:
    try:
        model(**chosen)
    except ValidationError as error:
        raise Misconfigured(complaint(error)) from error


def _require_url(name: str, url: str | None) -> None:
    try:
        if url is not None:
            urlsplit(url)
            conninfo_to_dict(url)
    except (ValueError, psycopg.Error) as error:
        reason = " ".join(str(error).split())
        raise Misconfigured(f"{variable(name)} is no address of a PostgreSQL: {reason}.") from error
