"""Row: what an engine that nobody uses takes of the machine."""

import time
from collections.abc import Iterator

from bench.clocks import SORTS, Processes, since
from bench.suite.figures import Figure
from bench.suite.row import Bench, columns

SETTLE_S = 5
"""What a start leaves to do is not counted."""
WINDOW_S = 8


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the share of one core that each sort of process takes, and all of them."""
    processes = Processes(bench.engine)
    time.sleep(SETTLE_S)
    rounds = [_round(processes, max(2, bench.scaled(WINDOW_S))) for _ in bench.each]
    for sort in (*SORTS, "sum"):
        yield Figure(
            name=f"idle: {sort}",
            values=columns(rounds, sort),
            unit="% of a core",
            load=f"none, {WINDOW_S} s a round; the market ticks as shipped",
        )


def _round(processes: Processes, seconds: float) -> dict[str, float]:
    before, began = processes.cpu_seconds(), time.perf_counter()
    time.sleep(seconds)
    took = time.perf_counter() - began
    used = since(before, processes.cpu_seconds())
    shares = {sort: cpu / took * 100 for sort, cpu in used.items()}
    return {**shares, "sum": sum(shares.values())}
