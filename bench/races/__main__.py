"""Races of 1,000 orders each while workers are killed, and 1,000 orders just out of reach.

`python -m bench.races [ORDERS]`: an engine of its own, gone at its end; it fails when an order has
not one end, the same in log, table, ledger and feed, or when the audit finds anything.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from audit.lists import Lists
from audit.verify import Sources, verify
from bench.engine import READY_TIMEOUT_S, Engine
from bench.races.drills import RACES, Ground, run
from bench.races.reach import rest_out_of_reach
from bench.supervised import supervised
from orders.topics import Topics

ORDERS, SECONDS = 1_000, 60
EVENTS_A_SECOND = 20
FAST = ("--quote-latency-ms", "50", "--execute-latency-ms", "400")
STILL = {"ENGINE_MARKET_VOLATILITY": "0"}


def main() -> None:
    """Run them, print a line for each, and fail when one is not as it is to be."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS
    with supervised("--workers", "2", *FAST, environment=STILL) as engine:
        flaws = [*_race(engine, count), *_reach(engine, count), *_audit(engine)]
    for flaw in flaws[:20]:
        print(flaw)
    if flaws:
        raise SystemExit(f"{len(flaws):,} flaws")


def _race(engine: Engine, count: int) -> list[str]:
    workers = engine.names("worker")
    ground = Ground(engine.described, lambda name: engine.signal(name, signal.SIGKILL))
    flaws = []
    for name, (token, drill) in RACES.items():
        for worker in workers:
            engine.ready_pid(worker, READY_TIMEOUT_S)
        began = time.monotonic()
        race = run(ground, token, drill, count)
        flaws += [f"{name}: {flaw}" for flaw in race.flaws]
        told = f"{_list(race.ended)}; answers {_list(race.answers)}; {race.kills} kills"
        print(f"{name:<26}{told}, {time.monotonic() - began:.0f} s", flush=True)
    return flaws


def _reach(engine: Engine, count: int) -> list[str]:
    told = rest_out_of_reach(engine.described, count, SECONDS)
    rate = told.events / told.seconds
    print(
        f"{'just out of reach':<26}{told.orders:,} orders, {told.ticks} ticks: {told.events} "
        f"events in {told.seconds:.0f} s, {rate:.1f} a second (limit {EVENTS_A_SECOND})",
        flush=True,
    )
    return [f"{rate:.1f} events a second"] if rate >= EVENTS_A_SECOND else []


def _audit(engine: Engine) -> list[str]:
    told = engine.described
    topic = Topics(told.topic_prefix).events
    sources = Sources(told.kafka, topic, told.database_url, told.chain_url)
    nobody = Lists(frozenset(), frozenset())
    report = asyncio.run(verify(sources, nobody, lambda: datetime.now(UTC)))
    figures = report.figures
    print(f"{'audit':<26}{figures.orders:,} orders, {figures.events:,} events", flush=True)
    left = [f"{count} orders are {word}" for word, count in figures.open.items()]
    return [*report.broken, *left]


def _list(counts: Mapping[int, int] | Mapping[str, int]) -> str:
    found = sorted(counts.items(), key=str)
    return ", ".join(f"{count:,} {name}" for name, count in found) or "none"


if __name__ == "__main__":
    main()
