"""The CPU and the memory that the processes of an engine take, by their sort."""

from collections.abc import Iterable, Mapping, Sequence

import psutil

from bench.engine import Engine

SORTS = ("api", "worker", "projector", "delays", "market", "kafka", "postgres")
PATIENCE_S = 60


class Processes:
    """The processes of a running engine as they are now, each with those that it started."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, sort: str) -> list[psutil.Process]:
        """Return the processes of one sort, such as all workers."""
        names = self._engine.names(sort)
        found = [psutil.Process(self._engine.ready_pid(name, PATIENCE_S)) for name in names]
        return found + [child for one in found for child in one.children(recursive=True)]

    def cpu_seconds(self, sorts: Sequence[str] = SORTS) -> dict[str, float]:
        """Return the CPU time that each of these sorts has taken since it started."""
        return {sort: sum(map(cpu_seconds, self.of(sort))) for sort in sorts}

    def megabytes(self) -> dict[str, float]:
        """Return the memory of each sort; what some share is counted once."""
        return {sort: megabytes(self.of(sort)) for sort in SORTS}


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time of a process, and of those that it started and that have ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def megabytes(processes: Iterable[psutil.Process]) -> float:
    """Return the memory of processes together; what they share is counted once."""
    return sum(map(_bytes, processes)) / 1_000_000


def since(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """Return what was added to each."""
    return {name: now[name] - before[name] for name in before}


def _bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.NoSuchProcess:
        return 0
    # Where the system tells it (Linux): PostgreSQL's processes share most of theirs.
    return int(getattr(memory, "pss", memory.rss))
