"""Thousands of WebSocket clients in one process, as light as they can be: what came, and when.

They share the machine with what is measured, so they read nothing of an event but its place.
"""

import asyncio
import gc
import json
import re
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

from runtime.open_files import raise_limit

Filter = Mapping[str, Any]

AT_ONCE = 50
PATIENCE_S = 120
PLACES = re.compile(rb'"seq":(\d+),"prevSeq":(\d+)')
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
MASKED = 0x80
NO_MASK = bytes(4)
COUNT = "count"
HELLO = (
    "GET /ws HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@dataclass(slots=True)
class Notes:
    """What all clients heard: the place of each event, and the moment (seconds since 1970)."""

    seqs: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[float]" = field(default_factory=lambda: array("d"))
    gaps: int = 0
    ended: int = 0


class Listener(asyncio.Protocol):
    """One client: it subscribes once, answers pings, and notes each event."""

    def __init__(self, host: str, wanted: Filter, notes: Notes) -> None:
        self._host = host
        self._wish = {"op": "subscribe", "id": 1, "filter": dict(wanted)}
        self._notes = notes
        self._last: int | None = None
        self._upgraded = False
        self._rest = b""
        self.caught_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(HELLO.format(self._host).encode())

    def connection_lost(self, error: Exception | None) -> None:
        """Note that it has ended."""
        self._notes.ended += 1
        if not self.caught_up.done():
            self.caught_up.set_exception(ConnectionError(f"the connection ended: {error}"))

    def data_received(self, data: bytes) -> None:
        """Note what came."""
        now = time.time()
        rest = self._rest + data if self._rest else data
        if not self._upgraded:
            _, self._upgraded, rest = _answer(rest)
            if self._upgraded:
                self._send(TEXT, json.dumps(self._wish).encode())
        at = 0
        while self._upgraded and (frame := _frame(rest, at)):
            kind, begin, at = frame
            self._hear(kind, rest[begin:at], now)
        self._rest = rest[at:]

    def _hear(self, kind: int, text: bytes, now: float) -> None:
        if kind == PING:
            self._send(PONG, text)
        elif found := PLACES.search(text, 0, 80):
            self._note(int(found[1]), int(found[2]), now)
        elif b'"caughtUp"' in text and not self.caught_up.done():
            self.caught_up.set_result(None)

    def _note(self, seq: int, before: int, now: float) -> None:
        self._notes.gaps += self._last not in (None, before)
        self._last = seq
        self._notes.seqs.append(seq)
        self._notes.times.append(now)

    def _send(self, kind: int, payload: bytes) -> None:
        self._transport.write(bytes((0x80 | kind, MASKED | len(payload))) + NO_MASK + payload)


def _answer(data: bytes) -> tuple[bytes, bool, bytes]:
    head, end, rest = data.partition(b"\r\n\r\n")
    return (head, True, rest) if end else (b"", False, data)


def _frame(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Return the kind of the next frame, where its text begins, and where it ends."""
    if len(data) < at + 2:
        return None
    begin, size = at + 2, data[at + 1]
    if size >= 126:
        width = 2 if size == 126 else 8
        begin += width
        size = int.from_bytes(data[at + 2 : begin], "big")
    end = begin + size
    return (data[at] & 0x0F, begin, end) if begin <= end <= len(data) else None


async def _listen(url: str, filters: Sequence[Filter], pipe: Connection) -> None:
    loop, notes = asyncio.get_running_loop(), Notes()
    place = urlsplit(url)
    for first in range(0, len(filters), AT_ONCE):
        some = filters[first : first + AT_ONCE]
        made = [
            await loop.create_connection(
                partial(Listener, place.netloc, wanted, notes),
                place.hostname or "",
                place.port or 0,
            )
            for wanted in some
        ]
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(listener.caught_up for _, listener in made))
    pipe.send("ready")
    while await loop.run_in_executor(None, pipe.recv) == COUNT:
        pipe.send(len(notes.seqs))
    pipe.send((notes.seqs, notes.times, notes.gaps, notes.ended))


def _run(url: str, filters: Sequence[Filter], pipe: Connection) -> None:
    raise_limit()
    gc.disable()
    uvloop.run(_listen(url, filters, pipe))


class Listeners:
    """The clients, in a process of their own."""

    def __init__(self, pipe: Connection, pid: int) -> None:
        self._pipe = pipe
        self.pid = pid

    def heard(self) -> int:
        """Return how many events they have heard together by now."""
        self._pipe.send(COUNT)
        return int(self._pipe.recv())

    def hang_up(self) -> Notes:
        """End them all and return what they heard."""
        self._pipe.send("stop")
        return Notes(*self._pipe.recv())


@contextmanager
def listening(url: str, filters: Sequence[Filter]) -> Iterator[Listeners]:
    """Run a client for each filter until the block ends; enter it when all are subscribed."""
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_run, args=(url, filters, there), daemon=True)
    process.start()
    try:
        if not here.poll(PATIENCE_S) or here.recv() != "ready":
            raise TimeoutError("the clients are not subscribed")
        yield Listeners(here, process.pid or 0)
    finally:
        process.terminate()
        process.join()
