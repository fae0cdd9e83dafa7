"""Row: how many orders a second one API process takes, beside what does not append."""

import asyncio
from collections.abc import Iterator

from bench.apart import apart, serving
from bench.baselines.produce import first_record, in_bulk, one_by_one
from bench.engine import Engine
from bench.hammer import hammer
from bench.suite.figures import Beside, Figure, Target
from bench.suite.load import CONNECTIONS, HUNDRED, accepted, hundreds, percentile_ms, singles
from bench.suite.row import Bench, columns
from bench.supervised import held
from local.topics import Layout, create_topics
from orders.topics import Topics

SECONDS = 6
RAW = Topics("raw.")
RAW_RECORDS = 100_000
WARM_UP_S = 2
ALONE = "workers and projector held down: the API, the broker and the load alone"
PER_SECOND = "orders/s"


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the rates of single and of batched placements, and how long a single one takes."""
    engine, seconds = bench.engine, max(2, bench.scaled(SECONDS))
    url = engine.described.url
    with held(engine, "worker", "projector"), serving("bench.baselines.noop_route:app") as noop:
        for place in (noop.url, url):
            accepted(hammer(singles(place, seconds=WARM_UP_S)))
        value = _prepare(engine)
        rounds = [_round(engine, noop.url, value, seconds) for _ in bench.each]
    yield from _figures(rounds)


def _prepare(engine: Engine) -> bytes:
    told = engine.described
    asyncio.run(create_topics(told.kafka, RAW, Layout(told.partitions)))
    log = Topics(told.topic_prefix).events
    return asyncio.run(first_record(told.kafka, log, told.partitions))


def _round(engine: Engine, noop: str, value: bytes, seconds: float) -> dict[str, float]:
    url, kafka = engine.described.url, engine.described.kafka
    bare, felt = hammer(singles(noop, seconds=seconds)), hammer(singles(url, seconds=seconds))
    bare_batch, batch = hammer(hundreds(noop, seconds)), hammer(hundreds(url, seconds))
    return {
        "single": accepted(felt) / felt.seconds,
        "single noop": accepted(bare) / bare.seconds,
        "p50": percentile_ms(felt, 0.5),
        "p99": percentile_ms(felt, 0.99),
        "p99 noop": percentile_ms(bare, 0.99),
        "batch": accepted(batch) * HUNDRED / batch.seconds,
        "batch noop": accepted(bare_batch) * HUNDRED / bare_batch.seconds,
        "produce": apart(one_by_one, kafka, RAW.events, value, seconds / 2, CONNECTIONS),
        "bulk": apart(in_bulk, kafka, RAW.events, value, RAW_RECORDS),
    }


def _figures(rounds: list[dict[str, float]]) -> Iterator[Figure]:
    def beside(name: str, column: str, unit: str = PER_SECOND) -> Beside:
        return Beside(name=name, values=columns(rounds, column), unit=unit)

    load = f"{CONNECTIONS} connections, {ALONE}"
    yield Figure(
        name="intake, single",
        values=columns(rounds, "single"),
        unit=PER_SECOND,
        load=load,
        beside=(
            beside("a FastAPI route that appends nothing", "single noop"),
            beside(f"raw produce, {CONNECTIONS} in flight", "produce"),
        ),
        target=Target(at_least=0.6, share=True),
    )
    for name, most in (("p50", None), ("p99", 40)):
        yield Figure(
            name=f"intake, single, {name}",
            values=columns(rounds, name),
            unit="ms",
            load=load,
            beside=(beside("the route that appends nothing", "p99 noop", "ms"),) if most else (),
            target=Target(at_most=most) if most else None,
        )
    yield Figure(
        name=f"intake, batch of {HUNDRED}",
        values=columns(rounds, "batch"),
        unit=PER_SECOND,
        load=f"4 connections, {ALONE}",
        beside=(
            beside("the route that appends nothing", "batch noop"),
            beside("raw produce in bulk", "bulk"),
        ),
        target=Target(at_least=20_000),
    )
