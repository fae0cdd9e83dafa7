"""A steady load on an engine: threads that place orders over HTTP and write down every answer.

Each thread keeps one connection and has one placement under way, so that a load of r orders a
second goes on in an outage as fast as its lanes get their answers, and no faster.
"""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

PATH = "/api/orders/execute"
PATIENCE = 30
ACCEPTED = {200, 201, 202}


@dataclass(frozen=True, slots=True)
class Wish:
    """One placement as a client sends it; `kind` is what a measurement counts it under."""

    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = PATH
    kind: str = "market"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one placement: when it was sent and how long it took, in seconds of the load.

    The status is None when the connection broke before an answer: nothing is known of the order.
    """

    wish: Wish
    at: float
    took: float
    status: int | None
    body: Mapping[str, Any]

    @property
    def order_id(self) -> str | None:
        """Return the order's id, where the answer names one."""
        return self.body.get("orderId")

    @property
    def accepted(self) -> bool:
        """Return whether the engine took the order."""
        return self.status in ACCEPTED


def market_order(_number: int) -> Wish:
    """Return the same small order each time."""
    return Wish({"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1, "slippage": 0.05})


class Load:
    """Places so many orders a second from `start` to `stop`, or for so many seconds.

    `wish(n)` returns the n-th placement, from 0; it is called by several threads.
    """

    def __init__(
        self,
        url: str,
        per_second: float,
        *,
        seconds: float | None = None,
        lanes: int = 16,
        wish: Callable[[int], Wish] = market_order,
    ) -> None:
        self._address = urlsplit(url).netloc
        self._per_second = per_second
        self._lanes = lanes
        self._wish = wish
        self._numbers = itertools.count()
        self._answers: list[Answer] = []
        self._stopping = threading.Event()
        self._began = time.monotonic()
        self._ends = float("inf") if seconds is None else seconds
        self._threads = [
            threading.Thread(target=self._place_in_turn, args=(lane,)) for lane in range(lanes)
        ]

    def start(self) -> None:
        """Begin to place orders."""
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Place no more, and return when every answer is there."""
        self._stopping.set()
        self.join()

    def join(self) -> None:
        """Return when the load has ended and every answer is there."""
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop."""
        self.stop()

    @property
    def now(self) -> float:
        """Return the seconds since the start, as `Answer.at` counts them."""
        return time.monotonic() - self._began

    @property
    def answers(self) -> list[Answer]:
        """Return every answer so far, in the order in which they came."""
        return self._answers.copy()

    @property
    def accepted(self) -> list[Answer]:
        """Return the answers that took the order."""
        return [answer for answer in self.answers if answer.accepted]

    @property
    def refused(self) -> list[Answer]:
        """Return the answers that did not."""
        return [answer for answer in self.answers if answer.status and not answer.accepted]

    @property
    def unanswered(self) -> list[Answer]:
        """Return the placements whose connection broke."""
        return [answer for answer in self.answers if answer.status is None]

    def since(self, at: float) -> list[Answer]:
        """Return the answers to what was sent later than `at` (see `now`)."""
        return [answer for answer in self.answers if answer.at >= at]

    def _place_in_turn(self, lane: int) -> None:
        connection = HTTPConnection(self._address, timeout=PATIENCE)
        due, period = lane / self._per_second, self._lanes / self._per_second
        while due < self._ends and not self._stopping.wait(max(0, due - self.now)):
            self._answers.append(self._place(connection, self._wish(next(self._numbers))))
            due = max(due + period, self.now)
        connection.close()

    def _place(self, connection: HTTPConnection, wish: Wish) -> Answer:
        at, status, body = self.now, None, {}
        headers = {"content-type": "application/json", **wish.headers}
        try:
            connection.request("POST", wish.path, json.dumps(wish.body), headers)
            response = connection.getresponse()
            status, body = response.status, json.loads(response.read())
        except (OSError, HTTPException, ValueError):
            connection.close()
        return Answer(wish, at, self.now - at, status, body)


def write_ids(file: Path, answers: Iterable[Answer], others: Iterable[str] = ()) -> None:
    """Write the ids that the answers name, and others, one a line."""
    ids = (*(answer.order_id for answer in answers), *others)
    file.write_text("".join(f"{order_id}\n" for order_id in ids if order_id))
