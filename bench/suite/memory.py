"""Row: the memory of each process at rest, under load, in flight, and with very many orders open.

What several processes share, such as PostgreSQL's buffers, is counted once.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from bench.clocks import SORTS, Processes
from bench.engine import Engine, wait_for
from bench.hammer import hammer
from bench.histories import append, placements, waiting
from bench.suite.figures import Figure, Target
from bench.suite.load import CONNECTIONS, accepted, singles, until_ended
from bench.suite.row import Bench
from bench.supervised import ENDED, number
from orders.events import AnyOrderEvent
from orders.topics import Topics

IN_FLIGHT, OPEN = 10_000, 100_000
LOADED = 20_000
PATIENCE_S = 300
LOOK_EVERY_S = 0.25
WORKER_MB = 400
OF_STATUS = "select n from order_counts where scope = 'status' and key = %s"

Megabytes = dict[str, float]


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the memory of each sort of process as the engine gets more and more to hold."""
    engine, processes = bench.engine, Processes(bench.engine)
    yield from _figures("at rest", "none, just started", processes.megabytes())
    loaded, in_flight, count = (bench.scaled(one) for one in (LOADED, IN_FLIGHT, OPEN))
    most = _most(processes, lambda: _under_load(engine, loaded))
    load = f"{loaded:,} orders over HTTP, {CONNECTIONS} connections, 10 s an execution"
    yield from _figures("under load, at most", load, most)
    most = _most(processes, lambda: _in_flight(engine, in_flight))
    target = Target(at_most=WORKER_MB)
    load = f"{in_flight:,} orders wait for their execution"
    yield from _figures(f"{in_flight:,} in flight, at most", load, most, target)
    _rest(engine, count)
    yield from _figures(
        f"{count:,} open", f"{count:,} limit orders wait for their price", processes.megabytes()
    )


def _figures(
    when: str, load: str, found: Megabytes, of_worker: Target | None = None
) -> Iterator[Figure]:
    for sort in SORTS:
        yield Figure(
            name=f"{sort}, {when}",
            values=(found[sort],),
            unit="MB",
            load=load,
            target=of_worker if sort == "worker" else None,
        )


def _most(processes: Processes, work: Callable[[], None]) -> Megabytes:
    """Return the most that each sort had while the work was done."""
    most = processes.megabytes()
    with ThreadPoolExecutor(1) as thread:
        working: Future[None] = thread.submit(work)
        while not working.done():
            now = processes.megabytes()
            most = {sort: max(most[sort], now[sort]) for sort in most}
            _wait(working)
        working.result()
    return most


def _wait(working: Future[None]) -> None:
    try:
        working.exception(LOOK_EVERY_S)
    except TimeoutError:
        return


def _under_load(engine: Engine, count: int) -> None:
    ended = number(engine, ENDED)
    blow = singles(engine.described.url).model_copy(update={"count": count})
    until_ended(engine, ended + accepted(hammer(blow)))


def _in_flight(engine: Engine, count: int) -> None:
    ended = number(engine, ENDED)
    _append(engine, placements(count))
    until_ended(engine, ended + count)


def _rest(engine: Engine, count: int) -> None:
    _append(engine, waiting(count))
    wait_for(
        lambda: number(engine, OF_STATUS, "open") >= count, PATIENCE_S, f"{count:,} are at rest"
    )


def _append(engine: Engine, events: Iterable[AnyOrderEvent]) -> None:
    told = engine.described
    topic = Topics(told.topic_prefix).events
    asyncio.run(append(told.kafka, topic, told.partitions, events))
