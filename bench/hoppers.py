"""Clients of `WS /ws`, in a process of their own, that leave and come again where they were."""

import asyncio
import json
import math
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import uvloop
import websockets

from runtime.open_files import raise_limit

LISTEN_S = 15
PAUSE_S = 0.1
VISIT = (50, 1_000)


class Wrong(Exception):
    """A client was told what it must not be."""


@dataclass
class Told:
    """What all clients were told together, and the end of the feed once that is known."""

    heard: dict[int, str] = field(default_factory=dict)
    """The id of the event at each place of the feed."""
    tally: Counter[str] = field(default_factory=Counter)
    end: float = math.inf


class Hopper:
    """One client, which resumes at another process whenever its connection ends."""

    def __init__(self, number: int, url: str, told: Told) -> None:
        self._chance = random.Random(number)
        self._url = url
        self._told = told
        self._last = 0

    async def run(self) -> None:
        """Come and go until all is heard; raise `Wrong` when it is told what it must not be."""
        while self._last < self._told.end:
            self._told.tally["visits"] += 1
            try:
                await self._visit()
            except (OSError, websockets.WebSocketException, TimeoutError):
                self._told.tally["broken connections"] += 1
            await asyncio.sleep(self._chance.uniform(0, PAUSE_S))

    async def _visit(self) -> None:
        wish = {"op": "subscribe", "id": 1, "filter": {"all": True}, "superseded": True}
        async with websockets.connect(self._url, open_timeout=LISTEN_S, compression=None) as socket:
            await socket.send(json.dumps({**wish, "fromSeq": self._last + 1}))
            for _ in range(self._chance.randint(*VISIT)):
                if self._last >= self._told.end:
                    return
                async with asyncio.timeout(LISTEN_S):
                    self._hear(json.loads(await socket.recv()))

    def _hear(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "event":
            before, self._last = self._last, message["seq"]
            event_id = message["event"]["data"]["event_id"]
            agreed = self._told.heard.setdefault(self._last, event_id) == event_id
            if not agreed or (self._last, message["prevSeq"]) != (before + 1, before):
                raise Wrong(f"after {before} the client is told {message}")
        elif kind == "error" and not message["retryable"]:
            raise Wrong(f"the client is told {message}")
        elif kind in {"error", "goingAway", "slowConsumer"}:
            self._told.tally[kind] += 1
            raise ConnectionError(kind)


async def _hop(url: str, count: int, pipe: Connection) -> None:
    told = Told()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(Hopper(number, url, told).run())
        told.end = await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
    pipe.send((told.heard, dict(told.tally)))


def _run(url: str, count: int, pipe: Connection) -> None:
    raise_limit()
    uvloop.run(_hop(url, count, pipe))


class Hoppers:
    """So many clients."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def heard(self, head: int, patience_s: float) -> tuple[dict[int, str], dict[str, int]]:
        """Return what each heard once all have heard all up to a place, and how it went.

        Raises TimeoutError, and `Wrong` when one was told what it must not be.
        """
        try:
            self._pipe.send(head)
            if not self._pipe.poll(patience_s):
                raise TimeoutError(f"not all clients have heard {head:,} events")
            heard, tally = self._pipe.recv()
        except (BrokenPipeError, EOFError):
            raise Wrong("the clients ended: see above") from None
        return heard, tally


@contextmanager
def hopping(url: str, count: int) -> Iterator[Hoppers]:
    """Run so many clients until the block ends."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_run, args=(url, count, there), daemon=True)
    process.start()
    there.close()
    try:
        yield Hoppers(here)
    finally:
        process.terminate()
        process.join()
