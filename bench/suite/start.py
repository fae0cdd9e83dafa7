"""Row: how soon `engine up` is ready, in an empty folder and again, beside Kafka's own start."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.engine import Engine
from bench.servers import own_kafka, own_postgres
from bench.suite.figures import Beside, Figure
from bench.suite.row import Bench, columns

FIRST, AGAIN = "empty folder", "again"


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the seconds to ready of the first start and of the next."""
    rounds = [_round() for _ in bench.each]
    beside = tuple(
        Beside(name=f"{name} alone, {FIRST}", values=columns(rounds, name), unit="s")
        for name in ("Kafka", "PostgreSQL")
    )
    for when in (FIRST, AGAIN):
        yield Figure(
            name=f"engine up to ready, {when}",
            values=columns(rounds, when),
            unit="s",
            load="none",
            beside=beside,
        )


def _round() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # PostgreSQL runs as another user when root starts it.
        folder.chmod(0o755)
        found = {}
        began = time.perf_counter()
        with own_kafka(folder / "kafka"):
            found["Kafka"] = time.perf_counter() - began
        began = time.perf_counter()
        with own_postgres(folder / "postgres"):
            found["PostgreSQL"] = time.perf_counter() - began
        for when in (FIRST, AGAIN):
            found[when] = _started(Engine(folder / "engine"))
    return found


def _started(engine: Engine) -> float:
    began = time.perf_counter()
    try:
        engine.start()
        return time.perf_counter() - began
    finally:
        engine.stop()
