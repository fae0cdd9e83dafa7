"""Rows: from HTTP to the completed row in PostgreSQL, and what each process takes of the CPU."""

import time
from collections.abc import Iterator
from functools import partial

import psutil

from bench.clocks import SORTS, Processes, since
from bench.engine import Engine
from bench.hammer import hammer
from bench.suite.figures import Beside, Figure, Target
from bench.suite.load import CONNECTIONS, accepted, percentile_ms, singles, until_ended, warm_up
from bench.suite.row import Bench, columns
from bench.supervised import ENDED, HEAD, number
from streams.settings import StreamSettings

ORDERS = 20_000
WARM_UP = 2_000
LEAST = 2_500
PER_SECOND, MICROSECONDS = "orders/s", "µs CPU an order"
WAITING_S = 0.2 + 1.0
"""What a quote and an execution take as shipped, in the middle."""
IN_FLIGHT: int = StreamSettings.model_fields["max_reactions"].default
"""What one worker has under way at once, unless it is told otherwise."""


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield orders a second, the CPU of each sort of process, and the intake meanwhile."""
    rounds = _rounds(bench)
    load = f"{bench.scaled(ORDERS):,} orders a round over HTTP, {CONNECTIONS} connections"
    limit = Beside(
        name=f"{_cores()} cores ÷ the engine's CPU an order",
        values=tuple(_cores() * 1e6 / one["sum"] for one in rounds),
        unit=PER_SECOND,
    )
    yield _rate(rounds, f"{load}, venue latency 0", (limit,), Target(at_least=LEAST))
    figure = partial(Figure, load=load)
    for sort in (*SORTS, "sum", "load"):
        name = "the load itself" if sort == "load" else sort
        yield figure(name=f"CPU: {name}", values=columns(rounds, sort), unit=MICROSECONDS)
    yield figure(name="events an order", values=columns(rounds, "events"), unit="events")
    yield figure(name="intake meanwhile", values=columns(rounds, "intake"), unit=PER_SECOND)
    yield figure(name="intake meanwhile, p99", values=columns(rounds, "p99"), unit="ms")


def measure_shipped(bench: Bench) -> Iterator[Figure]:
    """Yield orders a second while each waits for its venue as long as it does as shipped."""
    rounds = _rounds(bench)
    limit = Beside(
        name=f"Little's law: {IN_FLIGHT:,} in flight ÷ {WAITING_S} s",
        values=(IN_FLIGHT / WAITING_S,),
        unit=PER_SECOND,
    )
    load = f"{bench.scaled(ORDERS):,} orders a round over HTTP, 200 ms a quote, 1 s an execution"
    yield _rate(rounds, load, (limit,), None)
    yield Figure(name="CPU: sum", values=columns(rounds, "sum"), unit=MICROSECONDS, load=load)


def _rate(
    rounds: list[dict[str, float]], load: str, beside: tuple[Beside, ...], target: Target | None
) -> Figure:
    return Figure(
        name="end to end: HTTP → completed row",
        values=columns(rounds, "rate"),
        unit=PER_SECOND,
        load=load,
        beside=beside,
        target=target,
    )


def _rounds(bench: Bench) -> list[dict[str, float]]:
    warm_up(bench.engine, WARM_UP)
    return [completed(bench.engine, bench.scaled(ORDERS)) for _ in bench.each]


def completed(engine: Engine, count: int) -> dict[str, float]:
    """Place so many orders and return, when all have ended, what each thing was an order."""
    processes, ended, head = Processes(engine), number(engine, ENDED), number(engine, HEAD)
    before, began = processes.cpu_seconds(), time.perf_counter()
    felt = hammer(singles(engine.described.url).model_copy(update={"count": count}))
    taken = accepted(felt)
    until_ended(engine, ended + taken)
    took = time.perf_counter() - began
    used = {
        sort: seconds * 1e6 / taken
        for sort, seconds in since(before, processes.cpu_seconds()).items()
    }
    return {
        **used,
        "sum": sum(used.values()),
        "load": felt.cpu_seconds * 1e6 / taken,
        "rate": taken / took,
        "intake": taken / felt.seconds,
        "p99": percentile_ms(felt, 0.99),
        "events": (number(engine, HEAD) - head) / taken,
    }


def _cores() -> int:
    return psutil.cpu_count() or 1
