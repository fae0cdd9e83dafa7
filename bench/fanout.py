"""How long after its commit an event reaches the clients that follow it, and what a client costs.

`python -m bench.fanout`: an engine of its own, gone at its end. Each client follows a user of its
own over `WS /ws`, some follow everything; orders of these users are placed over HTTP. The latency
is from the projector's commit, by PostgreSQL's own note of it, to the moment at which the client's
process has read the event: one clock, for all is on one machine, which the clients share.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import psutil
import typer

from bench.clocks import Processes, cpu_seconds
from bench.engine import Engine, wait_for
from bench.listeners import Filter, Listeners, Notes, listening
from bench.load import Load, Wish, market_order
from bench.supervised import HEAD, UNFINISHED, number, rows, supervised

PATIENCE_S = 60
LANES = 64
LATENCY_LIMIT_MS = 250
MEMORY_LIMIT_KIB = 50
FIRST = 100
WARM_UP_S = 15
REACHED = 0.98
COMMITS = """
select e.seq, extract(epoch from pg_xact_commit_timestamp(e.xmin))::float8, o.user_id
from order_events e join orders o using (order_id) where e.seq > %s
"""


def main(
    sockets: Annotated[int, typer.Option(help="How many clients.")] = 1_000,
    everything: Annotated[int, typer.Option(help="How many of them follow all orders.")] = 10,
    per_second: Annotated[float, typer.Option(help="Orders placed in a second.")] = 500,
    seconds: Annotated[float, typer.Option(help="For how long.")] = 30,
    idle: Annotated[int, typer.Option(help="Clients that hear nothing, for the memory.")] = 3_000,
    api_workers: Annotated[int, typer.Option(help="API processes.")] = 1,
) -> None:
    """Measure, and print a line for each figure."""
    print(f"load of the machine before: {psutil.getloadavg()[0]:.1f}")
    with supervised(f"--api-workers={api_workers}", note_commits=True) as engine:
        held = _memory(engine, idle)
        with _load(engine, per_second, WARM_UP_S, sockets) as load:
            # A server that was just started compiles what it does, and costs twice as much.
            load.join()
        _at_rest(engine)
        for all_of_it in dict.fromkeys((0, everything)):
            filters: list[Filter] = [{"userId": f"user-{n}"} for n in range(sockets - all_of_it)]
            filters += [{"all": True}] * all_of_it
            load = _load(engine, per_second, seconds, sockets)
            held &= _fan_out(engine, filters, load, per_second)
    raise SystemExit(not held)


def _at_rest(engine: Engine) -> None:
    wait_for(lambda: not number(engine, UNFINISHED), PATIENCE_S, "all orders have ended")


def _load(engine: Engine, per_second: float, seconds: float, users: int) -> Load:
    def wish(number: int) -> Wish:
        return Wish({**market_order(number).body, "userId": f"user-{number % users}"})

    url = engine.described.url
    return Load(url, per_second, seconds=seconds, lanes=LANES, wish=wish)


def _memory(engine: Engine, count: int) -> bool:
    url, filters = engine.described.url, [{"userId": f"nobody-{n}"} for n in range(count)]
    with listening(url, filters[:FIRST]):
        pass
    time.sleep(1)
    before = _resident(engine)
    with listening(url, filters):
        after = _resident(engine)
    each = (after - before) / 1024 / max(1, count)
    return _hold("memory of an idle client", each, MEMORY_LIMIT_KIB, "KiB", f"{count:,} of them")


def _resident(engine: Engine) -> int:
    return sum(one.memory_info().rss for one in Processes(engine).of("api"))


def _fan_out(engine: Engine, filters: Sequence[Filter], load: Load, per_second: float) -> bool:
    begin = number(engine, HEAD)
    with listening(engine.described.url, filters) as listeners:
        clocks = _Clocks(engine, listeners)
        with load:
            load.join()
        rate, took = len(load.accepted) / load.now, clocks.read()
        _at_rest(engine)
        time.sleep(1)
        notes = listeners.hang_up()
    print(f"{len(filters):,} clients, {rate:.0f} orders/s of {per_second:.0f}: CPU {took}")
    complete, in_time = _judge(engine, begin, filters, notes)
    # With followers of everything the machine is at its end: told, but no limit is set for it.
    busy = any("all" in one for one in filters)
    return complete and (busy or (in_time and rate > per_second * REACHED))


def _judge(
    engine: Engine, begin: int, filters: Sequence[Filter], notes: Notes
) -> tuple[bool, bool]:
    told = rows(engine, COMMITS, begin)
    commits = {seq: at for seq, at, _ in told}
    all_of_it = sum("all" in one for one in filters)
    users = {one.get("userId") for one in filters}
    due = Counter({seq: all_of_it + (user in users) for seq, _, user in told})
    missing = (due - Counter(notes.seqs)).total() + (Counter(notes.seqs) - due).total()
    late = sorted(
        (at - commits[seq]) * 1000 for seq, at in zip(notes.seqs, notes.times, strict=True)
    )
    print(
        f"    {len(late):,} deliveries of {len(told):,} events, {missing} missing or twice, "
        f"{notes.gaps} gaps, {notes.ended} ended"
    )
    middle, p99, most = (late[int(len(late) * share)] for share in (0.5, 0.99, 0.99999))
    in_time = _hold(
        "commit to delivery, p99", p99, LATENCY_LIMIT_MS, "ms", f"p50 {middle:.0f}, most {most:.0f}"
    )
    return not missing and not notes.gaps and not notes.ended, in_time


def _hold(what: str, value: float, limit: float, unit: str, more: str) -> bool:
    print(f"    {what:<28}{value:>8.1f} {unit} (limit {limit} {unit}; {more})")
    return value < limit


class _Clocks:
    """The CPU that each sort of process takes, in cores."""

    def __init__(self, engine: Engine, listeners: Listeners) -> None:
        self._processes = Processes(engine)
        self._listeners = listeners
        self._began = time.monotonic()
        self._before = self._times()

    def read(self) -> str:
        """Return what each sort took since."""
        seconds, now = time.monotonic() - self._began, self._times()
        shares = {name: (now[name] - self._before[name]) / seconds for name in now}
        return ", ".join(f"{name} {share:.2f}" for name, share in shares.items())

    def _times(self) -> dict[str, float]:
        return {
            **self._processes.cpu_seconds(),
            "clients": cpu_seconds(psutil.Process(self._listeners.pid)),
            "load": cpu_seconds(psutil.Process()),
        }


if __name__ == "__main__":
    typer.run(main)
