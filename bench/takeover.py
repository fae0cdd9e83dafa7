"""How soon an order goes on whose worker was killed, with a short and a long history behind it.

`python -m bench.takeover [EVENTS …]`: for each number of events an engine of its own, gone at its
end. An order is placed before all others and stays open until they have ended; then its worker
starts, is killed while the venue executes, and comes back.
"""

import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path

from bench.engine import Engine, wait_for
from bench.histories import append, executed, placements
from bench.supervised import held, number, tables
from orders.topics import Topics

EVENTS = (1_000, 1_000_000)
WORKER = "worker-1"
LATENCY_MS = 2_000
PATIENCE_S = 900
NOISE = 1.5
MOVED = "select sum(next_offset)::bigint from projection_offsets"
STATUS = "select status from orders where order_id = %s"


def main() -> None:
    """Measure, print a line for each number of events, and fail when more events cost more."""
    took: list[tuple[float, float]] = []
    for count in map(int, sys.argv[1:] or EVENTS):
        with tempfile.TemporaryDirectory() as folder:
            # PostgreSQL runs as another user when root starts it.
            Path(folder).chmod(0o755)
            engine = Engine(Path(folder) / "engine", f"--execute-latency-ms={LATENCY_MS}")
            try:
                engine.start()
                took.append(_measure(engine, count))
            finally:
                engine.stop()
    for first, *others in zip(*took, strict=True):
        if any(later > first * NOISE for later in others):
            raise SystemExit("it takes longer after a long history")


def _measure(engine: Engine, count: int) -> tuple[float, float]:
    with held(engine, WORKER):
        [first] = placements(1)
        told = engine.described
        topic = Topics(told.topic_prefix).events
        asyncio.run(append(told.kafka, topic, told.partitions, [first, *executed(count)]))
        wait_for(lambda: number(engine, MOVED) > count, PATIENCE_S, "the projection is there")
    with tables(engine) as asked:

        def has(status: str) -> bool:
            return asked.execute(STATUS, (first.order_id,)).fetchone() == (status,)

        began = time.monotonic()
        wait_for(lambda: has("executing"), PATIENCE_S, "the worker has routed the order")
        routed = time.monotonic() - began
        engine.signal(WORKER, signal.SIGKILL)
        began = time.monotonic()
        wait_for(lambda: has("completed"), PATIENCE_S, "the order has ended")
        ended = time.monotonic() - began
    print(
        f"{count:>9,} events: first start to OrderRouted {routed:5.1f} s, "
        f"kill to the end of the order {ended:5.1f} s (venue {LATENCY_MS / 1_000:.0f} s)"
    )
    return routed, ended


if __name__ == "__main__":
    main()
