"""What clients of a campaign ask of orders that they have placed: to end, to have other terms."""

import heapq
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.chaos.clients import BACK, NEAR, price_of
from bench.load import Answer

CANCELLED = {"limit": 0.35, "sniper": 0.25, "expiring": 0.1, "market": 0.08, "ioc": 0.08}
AMENDED = {"limit": 0.35, "expiring": 0.2}
TWICE = 0.3
LATEST_S = {"market": 1.0, "ioc": 1.0}
LATER_S = 6.0
CLIENTS = 4
LOOK_EVERY_S = 0.05
PATIENCE_S = 30
RESTED = "2"
"""The version of an order that has come to rest, and has done nothing since."""


class Thought(NamedTuple):
    """What is asked of an order, and when, on the monotonic clock."""

    at: float
    order_id: str
    method: str
    body: str | None = None


class SecondThoughts:
    """Clients that think again, from `start` to `stop`; `answered` counts method and status.

    `answers` tells what became of the placements so far.
    """

    def __init__(self, url: str, seed: int, answers: Callable[[], Sequence[Answer]]) -> None:
        self.answered: Counter[str] = Counter()
        self._address = urlsplit(url).netloc
        self._chance = Random(f"{seed}/thoughts")
        self._answers = answers
        self._due: list[Thought] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._think),
            *(threading.Thread(target=self._ask_in_turn) for _ in range(CLIENTS)),
        ]

    def start(self) -> None:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask no more, and return when every answer is there."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _think(self) -> None:
        seen = 0
        while not self._stopping.wait(LOOK_EVERY_S):
            answers = self._answers()
            for answer in answers[seen:]:
                if answer.accepted and answer.order_id:
                    self._plan(answer, answer.order_id)
            seen = len(answers)

    def _plan(self, answer: Answer, order_id: str) -> None:
        chance, kind = self._chance, answer.wish.kind
        at = time.monotonic() + chance.uniform(0, LATEST_S.get(kind, LATER_S))
        drawn = chance.random() - CANCELLED[kind]
        if drawn < 0:
            times = 2 if chance.random() < TWICE else 1
            self._put(*[Thought(at, order_id, "DELETE")] * times)
        elif drawn < AMENDED.get(kind, 0):
            swap = (str(answer.wish.body["tokenIn"]), str(answer.wish.body["tokenOut"]))
            new = {"targetPrice": price_of(swap, chance.choice((BACK, NEAR)))}
            self._put(Thought(at, order_id, "PATCH", json.dumps(new)))

    def _put(self, *thoughts: Thought) -> None:
        with self._lock:
            for thought in thoughts:
                heapq.heappush(self._due, thought)

    def _next(self) -> Thought | None:
        with self._lock:
            if self._due and self._due[0].at <= time.monotonic():
                return heapq.heappop(self._due)
            return None

    def _ask_in_turn(self) -> None:
        connection = HTTPConnection(self._address, timeout=PATIENCE_S)
        while not self._stopping.is_set():
            if thought := self._next():
                status = _ask(connection, thought)
                with self._lock:
                    self.answered[f"{thought.method} {status or 'none'}"] += 1
            else:
                self._stopping.wait(LOOK_EVERY_S)
        connection.close()


def _ask(connection: HTTPConnection, thought: Thought) -> int | None:
    headers = {"content-type": "application/json", "If-Match": RESTED} if thought.body else {}
    try:
        connection.request(thought.method, f"/api/orders/{thought.order_id}", thought.body, headers)
        response = connection.getresponse()
        response.read()
    except (OSError, HTTPException):
        connection.close()
        return None
    return response.status
