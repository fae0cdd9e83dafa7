"""The engine's own Kafka: one node, or three of which one may die. Their number is chosen once."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local.errors import Misconfigured
from local.kafka import Kafka, cluster_id

ALONE, SEVERAL = 1, 3
RECORD = "brokers"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The nodes that serve one log."""

    nodes: Sequence[Kafka]

    @property
    def bootstrap(self) -> str:
        """Return the address of every node, with commas between."""
        return ",".join(node.address for node in self.nodes)

    def prepare(self) -> None:
        """Make every node ready to be started. Raises EngineError."""
        # The first time each starts a Java of its own to format its storage.
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(Kafka.prepare, self.nodes))


def in_directory(
    directory: Path,
    ports: Mapping[str, int],
    brokers: int,
    class_path: Sequence[Path],
    *,
    log_json: bool = False,
) -> Cluster:
    """Return the cluster that lives in the directory, on the ports of `port_names`."""
    if brokers == ALONE:
        port, controller_port = (ports[name] for name in port_names(brokers))
        return Cluster([Kafka(directory, port, controller_port, class_path, log_json)])
    directory.mkdir(parents=True, exist_ok=True)
    identity = cluster_id(directory)
    voters = [ports[_controller(name)] for name in names(brokers)]
    return Cluster(
        [
            Kafka(
                directory=directory / name,
                port=ports[name],
                controller_port=voters[number - 1],
                class_path=class_path,
                log_json=log_json,
                name=name,
                number=number,
                voters=voters,
                cluster_id=identity,
            )
            for number, name in enumerate(names(brokers), 1)
        ]
    )


def names(brokers: int) -> list[str]:
    """Return the names of the processes, in the order of their numbers."""
    if brokers == ALONE:
        return ["kafka"]
    return [f"kafka-{number}" for number in range(1, brokers + 1)]


def port_names(brokers: int) -> list[str]:
    """Return what the ports are remembered by: of each node its own and its controller's."""
    return [port for name in names(brokers) for port in (name, _controller(name))]


def require(directory: Path, brokers: int) -> None:
    """Remember how many brokers the data in the directory has. Raises Misconfigured for another."""
    if brokers not in (ALONE, SEVERAL):
        raise Misconfigured(
            f"--brokers {brokers} cannot stay when one dies: "
            f"use {ALONE} or {SEVERAL} with --brokers or ENGINE_BROKERS"
        )
    before = _recorded(directory)
    if before not in (None, brokers):
        raise Misconfigured(
            f"The data in {directory} is that of {before} Kafka broker{'s' * (before != 1)}, "
            f"not of {brokers}: use --brokers {before}, another --data-dir, or --fresh"
        )
    if before is None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / RECORD).write_text(f"{brokers}\n")


def _recorded(directory: Path) -> int | None:
    record = directory / RECORD
    if record.exists():
        return int(record.read_text())
    # An engine of before there were several kept no record.
    return ALONE if (directory / "data").exists() else None


def _controller(name: str) -> str:
    return f"{name}-controller"
