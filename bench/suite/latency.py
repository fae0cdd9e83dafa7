"""Row: how long from a POST until a client that follows the feed hears of the completed order.

Where the time goes is told by the events themselves: when the broker had each, when PostgreSQL
committed it, when the client had read it. One clock, for all is on one machine.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bench.apart import apart
from bench.baselines.round_trip import round_trips
from bench.engine import Engine
from bench.histories import placements
from bench.listeners import listening
from bench.placer import Placed, place
from bench.suite.figures import Beside, Figure, Target
from bench.suite.load import singles, until_ended, warm_up
from bench.suite.row import Bench
from bench.supervised import ENDED, HEAD, number, rows
from local.topics import Layout, create_topics
from orders.topics import Topics
from orders.wire import encode

WARM_UP = 3_000
TRIPS = 300
LAST_DELIVERIES_S = 1
SHARES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999))
TRIP = Topics("trip.")
MOVES = """
select order_id, type, seq, extract(epoch from appended_at)::float8,
    extract(epoch from pg_xact_commit_timestamp(xmin))::float8
from order_events where seq > %s and version is not null
"""
HOPS = (
    "POST → 202",
    "POST → OrderPlaced in the log",
    "OrderPlaced → OrderRouted in the log",
    "OrderRouted → OrderExecuted in the log",
    "OrderExecuted → committed in PostgreSQL",
    "committed → heard on the feed",
)
TOTAL = "POST → completed on the feed"


class Rate(NamedTuple):
    """So many orders a second, how many in a round, and how many ms are enough at p50 and p99."""

    words: str
    per_second: float
    orders: int
    limits: dict[str, float]


UNLOADED = Rate("a lone order, 15 a second", 15, 150, {"p50": 25, "p99": 60})
LOADED = Rate("500 orders a second", 500, 5_000, {"p99": 150})

Round = dict[str, list[float]]
"""Under the name of each hop, and of the whole way, the milliseconds of each order."""


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the whole way by percentiles, then each hop, for a lone order and under load."""
    warm_up(bench.engine, bench.scaled(WARM_UP))
    trips = _trips(bench)
    for rate in (UNLOADED, LOADED):
        found = [_round(bench, rate, turn) for turn in bench.each]
        load = f"{rate.words}, {bench.scaled(rate.orders):,} in a round"
        yield from _whole(found, trips, rate, load)
        for hop in HOPS:
            for name, share in (SHARES[0], SHARES[2]):
                values = tuple(_percentile(one[hop], share) for one in found)
                yield Figure(name=f"{hop}, {name}", values=values, unit="ms", load=load)


def _whole(
    found: Sequence[Round], trips: Sequence[list[float]], rate: Rate, load: str
) -> Iterator[Figure]:
    for name, share in SHARES:
        bare = tuple(_percentile(one, share) for one in trips)
        yield Figure(
            name=f"{TOTAL}, {name}",
            values=tuple(_percentile(one[TOTAL], share) for one in found),
            unit="ms",
            load=load,
            beside=(Beside(name=f"a bare append and read, {name}", values=bare, unit="ms"),),
            target=Target(at_most=rate.limits[name]) if name in rate.limits else None,
        )


def _round(bench: Bench, rate: Rate, turn: int) -> Round:
    engine, count = bench.engine, bench.scaled(rate.orders)
    url, head, ended = engine.described.url, number(engine, HEAD), number(engine, ENDED)
    with listening(url, [{"status": "completed"}]) as ears:
        placed = apart(place, singles(url), count, rate.per_second, bench.seed + turn)
        until_ended(engine, ended + count)
        time.sleep(LAST_DELIVERIES_S)
        notes = ears.hang_up()
    heard = dict(zip(notes.seqs, notes.times, strict=True))
    return _hops(placed, _moves(engine, head), heard)


Moves = dict[tuple[str, str], tuple[int, float, float]]


def _moves(engine: Engine, head: int) -> Moves:
    told = rows(engine, MOVES, head)
    return {
        (order_id, kind): (seq, appended, committed)
        for order_id, kind, seq, appended, committed in told
    }


def _hops(placed: Sequence[Placed], moves: Moves, heard: dict[int, float]) -> Round:
    found: Round = {name: [] for name in (*HOPS, TOTAL)}
    for order in placed:
        _, in_log, _ = moves[order.order_id, "OrderPlaced"]
        _, routed, _ = moves[order.order_id, "OrderRouted"]
        seq, executed, committed = moves[order.order_id, "OrderExecuted"]
        marks = (order.due, in_log, routed, executed, committed, heard[seq])
        steps = (later - earlier for earlier, later in pairwise(marks))
        took = (order.answered - order.due, *steps, heard[seq] - order.due)
        for name, seconds in zip((*HOPS, TOTAL), took, strict=True):
            found[name].append(seconds * 1_000)
    return found


def _percentile(milliseconds: Sequence[float], share: float) -> float:
    return sorted(milliseconds)[min(len(milliseconds) - 1, int(len(milliseconds) * share))]


def _trips(bench: Bench) -> list[list[float]]:
    kafka = bench.engine.described.kafka
    asyncio.run(create_topics(kafka, TRIP, Layout()))
    [placed] = placements(1)
    value, count = encode(placed), bench.scaled(TRIPS)
    found = [apart(round_trips, kafka, TRIP.events, value, count) for _ in bench.each]
    return [[seconds * 1_000 for seconds in trips] for trips in found]
