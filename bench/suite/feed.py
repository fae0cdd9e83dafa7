"""Row: how many messages a second one API process sends to a thousand clients of the feed.

The orders are placed at once, so that there is always more to send than is sent.
"""

import json
from collections.abc import Callable, Iterator

import psutil
from websockets.sync.client import connect

from bench.apart import Served, serving
from bench.clocks import Processes, cpu_seconds
from bench.engine import Engine, wait_for
from bench.hammer import hammer
from bench.listeners import Listeners, listening
from bench.suite.figures import Beside, Figure
from bench.suite.load import HUNDRED, accepted, hundreds, until_ended, warm_up
from bench.suite.row import Bench, columns
from bench.supervised import ENDED, number

SOCKETS = 1_000
ORDERS = 200
"""Three events each: fewer than a client may be behind before it is dropped."""
EVENTS = 3 * ORDERS
WARM_UP = 1_000
LISTEN_S = 60
EVERYTHING = {"op": "subscribe", "id": 1, "filter": {"all": True}}
PER_SECOND, MICROSECONDS = "messages/s", "µs CPU a message"

Round = dict[str, float]


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield messages a second and what one costs, beside a bare server that sends the same."""
    warm_up(bench.engine, bench.scaled(WARM_UP))
    sockets = bench.scaled(SOCKETS)
    text = _message(bench.engine)
    with serving("bench.baselines.bare_feed:app") as bare:
        rounds = [
            {**_of_engine(bench.engine, sockets), **_of_bare(bare, sockets, text)}
            for _ in bench.each
        ]
    load = f"{sockets:,} clients of everything, {EVENTS} events of {len(text)} bytes at once"
    for name, column, unit in (
        ("feed fan-out", "rate", PER_SECOND),
        ("feed fan-out, CPU of the API", "cpu", MICROSECONDS),
    ):
        base = Beside(
            name="a bare uvicorn WebSocket server",
            values=columns(rounds, f"bare {column}"),
            unit=unit,
        )
        yield Figure(
            name=name, values=columns(rounds, column), unit=unit, load=load, beside=(base,)
        )


def _message(engine: Engine) -> str:
    """Return a message as the feed sends it."""
    with connect(f"{engine.described.url.replace('http', 'ws', 1)}/ws") as socket:
        socket.send(json.dumps(EVERYTHING))
        while "caughtUp" not in str(socket.recv(LISTEN_S)):
            pass
        _place(engine, 1)
        while '"seq"' not in (text := str(socket.recv(LISTEN_S))):
            pass
    return text


def _place(engine: Engine, count: int) -> None:
    """Place so many orders, a hundred in a request at most."""
    each = min(count, HUNDRED)
    blow = hundreds(engine.described.url, LISTEN_S, each).model_copy(
        update={"count": count // each}
    )
    ended = number(engine, ENDED)
    accepted(hammer(blow))
    until_ended(engine, ended + count)


def _of_engine(engine: Engine, sockets: int) -> Round:
    processes = Processes(engine)

    def cpu() -> float:
        return processes.cpu_seconds(("api",))["api"]

    with listening(engine.described.url, [{"all": True}] * sockets) as ears:
        before = cpu()
        _place(engine, ORDERS)
        return _heard(ears, sockets, lambda: cpu() - before)


def _of_bare(bare: Served, sockets: int, text: str) -> Round:
    server = psutil.Process(bare.pid)
    with (
        listening(bare.url, [{"all": True}] * sockets) as ears,
        connect(f"{bare.url.replace('http', 'ws', 1)}/send") as socket,
    ):
        before = cpu_seconds(server)
        socket.send(str(EVENTS))
        socket.send(text)
        found = _heard(ears, sockets, lambda: cpu_seconds(server) - before)
        socket.recv(LISTEN_S)
    return {f"bare {name}": value for name, value in found.items()}


def _heard(ears: Listeners, sockets: int, cpu: Callable[[], float]) -> Round:
    messages = sockets * EVENTS
    wait_for(lambda: ears.heard() >= messages, LISTEN_S, f"{messages:,} messages are heard")
    used, notes = cpu(), ears.hang_up()
    if notes.ended:
        raise RuntimeError(f"{notes.ended} clients were dropped")
    took = max(notes.times) - min(notes.times)
    return {"rate": messages / took, "cpu": used * 1e6 / messages}
