"""The cheapest load on an HTTP route: so many connections, one request under way on each.

`python -m bench.hammer` reads a `Blow` as JSON from its input, hits, and writes a `Felt` as JSON:
a process of its own, so that what it measures does not share an interpreter with it.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop
from pydantic import BaseModel, ConfigDict

CONNECT_TIMEOUT_S = 10
PATIENCE_S = 120
"""How long the last answers may take after the load has ended."""


class Blow(BaseModel):
    """What is sent: the same request, `count` times or for `seconds`, as fast as answers come.

    With `per_second`, no faster than that; each request is then due at its own time, and what it
    took is counted from there: a server that stands still is not spared.
    """

    model_config = ConfigDict(frozen=True)

    url: str
    body: str
    connections: int = 64
    seconds: float = 10
    count: int | None = None
    per_second: float | None = None


class Felt(BaseModel):
    """What came of it: seconds in all, answers by status, and the time of each in seconds."""

    model_config = ConfigDict(frozen=True)

    seconds: float
    statuses: dict[int, int]
    broken: int
    took: list[float]
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """Return the answers a second."""
        return len(self.took) / self.seconds


def hammer(blow: Blow) -> Felt:
    """Hit from another process and return what was felt; raise when it could not."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.hammer"],
        input=blow.model_dump_json().encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=blow.seconds + PATIENCE_S + CONNECT_TIMEOUT_S,
    )
    return Felt.model_validate_json(done.stdout)


class _Turns:
    """Gives each request its time, until there are no more."""

    def __init__(self, blow: Blow) -> None:
        self._blow = blow
        self.began = time.perf_counter()
        self._given = 0

    def next(self) -> float | None:
        """Return when the next request is due, as `perf_counter` counts; None at the end."""
        now, blow = time.perf_counter(), self._blow
        due = now if blow.per_second is None else self.began + self._given / blow.per_second
        over = due - self.began >= blow.seconds
        if over or (blow.count is not None and self._given >= blow.count):
            return None
        self._given += 1
        return due


class _Connection(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends again."""

    def __init__(self, request: bytes, turns: _Turns, statuses: Counter[int]) -> None:
        self._request, self._turns, self._statuses = request, turns, statuses
        self._parser = httptools.HttpResponseParser(self)
        self._due = 0.0
        self.took: list[float] = []
        self.broken = 0
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.took.append(time.perf_counter() - self._due)
        self._statuses[self._parser.get_status_code()] += 1
        self._parser = httptools.HttpResponseParser(self)
        self._begin()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.ended.done():
            self.broken = 1
            self.ended.set_result(None)

    def _begin(self) -> None:
        due = self._turns.next()
        if due is None:
            self.ended.set_result(None)
            self._transport.close()
            return
        self._due = due
        wait = due - time.perf_counter()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._send)
        else:
            self._send()

    def _send(self) -> None:
        # A timer counts whole milliseconds, so it may be early.
        self._due = min(self._due, time.perf_counter())
        self._transport.write(self._request)


def request_of(blow: Blow) -> bytes:
    """Return what is sent for it, as bytes of HTTP."""
    address, written = urlsplit(blow.url), blow.body.encode()
    path = f"{address.path}?{address.query}" if address.query else address.path
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {address.netloc}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(written)}\r\n\r\n"
    )
    return head.encode() + written


def _all(connections: list[_Connection]) -> Iterator[float]:
    for connection in connections:
        yield from connection.took


async def _hit(blow: Blow) -> Felt:
    address, statuses = urlsplit(blow.url), Counter[int]()
    loop, turns = asyncio.get_running_loop(), _Turns(blow)
    request = request_of(blow)
    made = [
        await loop.create_connection(
            lambda: _Connection(request, turns, statuses),
            address.hostname or "",
            address.port or 80,
        )
        for _ in range(blow.connections)
    ]
    connections = [connection for _, connection in made]
    async with asyncio.timeout(blow.seconds + PATIENCE_S):
        await asyncio.gather(*(connection.ended for connection in connections))
    return Felt(
        seconds=time.perf_counter() - turns.began,
        statuses=dict(statuses),
        broken=sum(connection.broken for connection in connections),
        took=sorted(_all(connections)),
        cpu_seconds=time.process_time(),
    )


def main() -> None:
    """Read what to send, send it, and write what came of it."""
    blow = Blow.model_validate_json(sys.stdin.buffer.read())
    felt = uvloop.run(_hit(blow)).model_dump_json()
    # With PYTHONUNBUFFERED, `sys.stdout` loses what the pipe has no room for at once.
    with os.fdopen(sys.stdout.fileno(), "wb", closefd=False) as out:
        out.write(felt.encode())


if __name__ == "__main__":
    main()
