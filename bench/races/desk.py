"""A client that places orders out of reach, and the market that comes to them."""

import asyncio
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, LiteralString, Self, TypeVar

import httpx
import psycopg

from bench.engine import wait_for
from local.errors import EngineError
from local.market import open_desk
from local.state import RunningEngine
from orders.topics import Topics

One = TypeVar("One")
T = TypeVar("T")

AWAY = Decimal("1.2")
REACHED = Decimal("1.02")
CLIENTS = 16
PATIENCE_S = 180
TIMEOUT_S = 30
RESTED = {"If-Match": "2"}
"""The version of an order that has come to rest, and has done nothing since."""

_SCHEMA = "select set_config('search_path', schema_name, false) from public.projection_pointer"
_STATUSES = "select order_id, status from orders where order_id = any(%s)"
_FELL_SHORT = """
select 'fell short', count(*) from orders
where order_id = any(%s) and status = 'open' and error_code is not null
"""
_HEAD = "select 'head', coalesce(max(seq), 0) from order_events"
_TARGETS = "select order_id, target_price from orders where order_id = any(%s) and status = %s"


class Desk:
    """Places, cancels and amends orders that sell one token for USDC, many at once.

    `halfway` is set when half of the latest requests about orders were answered.
    """

    def __init__(self, engine: RunningEngine, token: str) -> None:
        self.halfway = threading.Event()
        self._engine = engine
        self.token = token
        self._http = httpx.Client(base_url=engine.url, timeout=TIMEOUT_S)
        self.amount = 10
        self.price = self._price()
        self.target = (self.price * AWAY).quantize(Decimal("1e-9"))

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Hang up."""
        self._http.close()

    def place(self, count: int, *each: dict[str, Any], **terms: object) -> list[str]:
        """Place so many limit orders, or one with each of these terms; return once they rest."""
        limit = {"orderType": "limit", "targetPrice": float(self.target), **terms}
        bodies = [self.body(**limit, **more) for more in each or [{}] * count]
        answers = self.ask(self.post, bodies)
        order_ids = [str(answer.json()["orderId"]) for answer in answers]
        self.wait(order_ids, {"open"}, "all of them rest")
        return order_ids

    def body(self, **terms: object) -> dict[str, Any]:
        """Return an order as it is sent."""
        return {"tokenIn": self.token, "tokenOut": "USDC", "amount": self.amount, **terms}

    def post(self, body: dict[str, Any]) -> httpx.Response:
        """Place one order."""
        answer = self._http.post("/api/orders", json=body)
        return answer.raise_for_status()

    def cancel(self, order_id: str) -> int:
        """Ask for the end of an order and return what was answered."""
        return self._http.delete(f"/api/orders/{order_id}").status_code

    def amend(self, order_id: str, **terms: object) -> int:
        """Ask for other terms for an order that rests and return what was answered."""
        path = f"/api/orders/{order_id}"
        return self._http.patch(path, json=terms, headers=RESTED).status_code

    def ask(self, request: Callable[[One], T], about: Iterable[One]) -> list[T]:
        """Send a request about each of these, some at once, and return what was answered."""
        listed = [*about]
        self.halfway.clear()
        done = itertools.count(1)

        def send(one: One) -> T:
            try:
                return request(one)
            finally:
                if 2 * next(done) >= len(listed):
                    self.halfway.set()

        with ThreadPoolExecutor(CLIENTS) as clients:
            return list(clients.map(send, listed))

    def statuses(self, order_ids: list[str]) -> dict[str, str]:
        """Return the status of each of the orders, as the table has it."""
        return self._table(_STATUSES, order_ids)

    def fell_short(self, order_ids: list[str]) -> int:
        """Return how many of the orders have fired and come back to rest."""
        return int(self._table(_FELL_SHORT, order_ids)["fell short"])

    def head(self) -> int:
        """Return how many events there are."""
        return int(self._table(_HEAD)["head"])

    def preview(self) -> list[dict[str, Any]]:
        """Return what each venue would give for an order at the market."""
        answer = self._http.post("/api/orders/preview", json=self.body()).raise_for_status()
        quotes: list[dict[str, Any]] = answer.json()["quotes"]
        return quotes

    def targets(self, order_ids: list[str]) -> dict[str, Decimal]:
        """Return at which price those of the orders rest that do."""
        return self._table(_TARGETS, order_ids, "open")

    def wait(self, order_ids: list[str], wanted: set[str], what: str) -> Counter[str]:
        """Return how many have each status once all have one of those. Raises `NotInTime`."""

        def are_there() -> bool:
            found = self.statuses(order_ids)
            return len(found) == len(order_ids) and set(found.values()) <= wanted

        wait_for(are_there, PATIENCE_S, what)
        return Counter(self.statuses(order_ids).values())

    def move(self, factor: Decimal = REACHED) -> None:
        """Let the market come to the target, or so many times it."""
        asyncio.run(self._move(self.target * factor))

    async def _move(self, price: Decimal) -> None:
        topics, deadline = Topics(self._engine.topic_prefix), time.monotonic() + PATIENCE_S
        async with open_desk(self._engine.kafka, topics) as desk:
            while True:
                try:
                    await desk.put(self.token, "USDC", price)
                except EngineError:
                    # A busy machine tells it late; where it is put twice it stands as if once.
                    if time.monotonic() > deadline:
                        raise
                else:
                    return

    def _table(self, question: LiteralString, *values: object) -> dict[str, Any]:
        with psycopg.connect(self._engine.database_url, autocommit=True) as connection:
            connection.execute(_SCHEMA)
            return dict(connection.execute(question, values).fetchall())

    def _price(self) -> Decimal:
        pair = f"{self.token}/USDC"

        def told() -> dict[str, float]:
            prices = self._http.get("/api/market/prices").json()["prices"]
            return {one["pair"]: one["price"] for one in prices}

        wait_for(lambda: pair in told(), TIMEOUT_S, f"the market tells {pair}")
        return Decimal(str(told()[pair]))
