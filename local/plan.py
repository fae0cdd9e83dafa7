"""Which processes make the engine, with their environment, in the order in which they start."""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from socket import gethostname

from local import copies
from local.options import Options
from local.program import Program
from local.state import Endpoints

OUR_CODE = str(Path(__file__).resolve().parents[1])


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one engine under its data directory."""

    directory: Path

    def log_file(self, name: str) -> Path:
        """Return where the process of that name writes."""
        return self.directory / "logs" / f"{name}.log"

    def ready_file(self, name: str) -> Path:
        """Return the file by which the process of that name tells that it is ready."""
        return self.directory / "ready" / name

    def scratch(self, name: str) -> Path:
        """Return the folder for what the process of that name needs no longer than it runs."""
        return self.directory / "scratch" / name

    def group_instance_id(self, name: str) -> str:
        """Return a name for the process of that name that no other engine's process has."""
        ours = f"{gethostname()} {self.directory}".encode()
        return f"{name}.{blake2b(ours, digest_size=8).hexdigest()}"

    @property
    def holds(self) -> Path:
        """Return the folder of the hold files; a start of the engine removes it."""
        return self.directory / "hold"

    def hold_file(self, name: str) -> Path:
        """Return the file that keeps a dead process down: while it is there, none is started again.

        For tests and drills: so an outage lasts as long as they want.
        """
        return self.holds / name


def environment(options: Options, endpoints: Endpoints) -> dict[str, str]:
    """Return the variables that every process of ours gets."""
    return {
        "ENGINE_KAFKA": endpoints.kafka,
        "ENGINE_DATABASE_URL": endpoints.database_url,
        "ENGINE_CHAIN_URL": endpoints.chain_url,
        "ENGINE_TOPIC_PREFIX": options.topic_prefix,
        "ENGINE_PARTITIONS": str(options.partitions),
        "ENGINE_LOG_JSON": str(options.log_json).lower(),
        "ENGINE_LOG_LEVEL": options.log_level,
        "ENGINE_SEED": str(options.seed),
        "ENGINE_QUOTE_LATENCY_MS": str(options.quote_latency_ms),
        "ENGINE_EXECUTE_LATENCY_MS": str(options.execute_latency_ms),
        "PYTHONPATH": os.pathsep.join((OUR_CODE, os.environ.get("PYTHONPATH", ""))).strip(
            os.pathsep
        ),
        "PYTHONUNBUFFERED": "1",
    }


def tiers(
    options: Options, endpoints: Endpoints, place: Place, api_socket: int
) -> list[list[Program]]:
    """Return our processes, tier by tier: each needs those before it."""
    shared = environment(options, endpoints)
    api = {"ENGINE_API_FD": str(api_socket), "ENGINE_HOST": options.host}
    api["ENGINE_PORT"] = str(options.port)

    def ours(name: str, *module: str, more: Mapping[str, str] | None = None) -> Program:
        return _program(name, module, {**shared, **(more or {})}, place, api_socket)

    return [
        [ours(name, "projections") for name in numbered("projector", options.projectors)],
        [
            *(ours(name, "streams", "worker") for name in numbered("worker", options.workers)),
            ours("delays", "streams", "delays"),
            ours("market", "venues"),
        ],
        [ours(name, "api", more=api) for name in numbered("api", options.api_workers)],
    ]


def numbered(name: str, count: int) -> Iterable[str]:
    """Return name-1, name-2, …"""
    return (f"{name}-{number}" for number in range(1, count + 1))


def _program(
    name: str, module: Sequence[str], variables: Mapping[str, str], place: Place, api_socket: int
) -> Program:
    ready_file, scratch = place.ready_file(name), place.scratch(name)

    def forget_the_last_time() -> None:
        # One that was killed has left it.
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True, exist_ok=True)
        ready_file.parent.mkdir(parents=True, exist_ok=True)
        ready_file.unlink(missing_ok=True)

    return Program(
        name=name,
        # -P: a folder `api` where the engine was started must not be taken for ours.
        command=(sys.executable, "-P", "-m", *module),
        main=copies.main_of(*module),
        environment={
            **variables,
            "ENGINE_PROCESS": name,
            "ENGINE_GROUP_INSTANCE_ID": place.group_instance_id(name),
            "ENGINE_READY_FILE": str(ready_file),
            "ENGINE_SCRATCH_DIR": str(scratch),
        },
        inherited=(api_socket,) if "ENGINE_API_FD" in variables else (),
        ready=ready_file.exists,
        before_start=forget_the_last_time,
        log_file=place.log_file(name),
    )
