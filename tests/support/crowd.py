"""Clients that place orders while things go wrong, and keep what they were told."""

import itertools
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx

CLEAN = ("",)
MIX = ("", "glitch", "", "lost-answer", "", "price-moved", "", "-")
"""The faults that one order after another asks for."""

ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 10, "slippage": 0.05}
CLIENTS = 4


class Crowd:
    """A few clients of one engine; a lock is not needed where they only append."""

    def __init__(self, url: str, mix: Sequence[str] = MIX) -> None:
        self.accepted: list[str] = []
        self.refused: dict[str, str] = {}
        """The errors of placements refused with an order id, by that id."""
        self.unanswered: list[str] = []
        self._http = httpx.Client(base_url=url, timeout=20)
        self._mix = itertools.cycle(mix)

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def place(self, count: int) -> None:
        """Place so many orders, a few at once."""
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(self.place_one, itertools.islice(self._mix, count)))

    @contextmanager
    def placing(self, per_second: int = 20) -> Iterator[None]:
        """Place orders without end while the block lasts."""
        stop = threading.Event()

        def place_on() -> None:
            while not stop.wait(CLIENTS / per_second):
                self.place_one(next(self._mix))

        with ThreadPoolExecutor(CLIENTS) as clients:
            working = [clients.submit(place_on) for _ in range(CLIENTS)]
            try:
                yield
            finally:
                stop.set()
        for work in working:
            work.result()

    def place_one(self, faults: str = "", **terms: object) -> str | None:
        """Place an order and return its id, if it is accepted; note what came instead."""
        headers = {"X-Simulate-Faults": faults} if faults else {}
        try:
            answer = self._http.post(
                "/api/orders/execute", json={**ORDER, **terms}, headers=headers
            )
        except httpx.TransportError as error:
            self.unanswered.append(repr(error))
            return None
        told = answer.json()
        if answer.status_code == 202:
            self.accepted.append(told["orderId"])
            return told["orderId"]
        assert answer.status_code == 503, answer.text
        if "orderId" in told:
            self.refused[told["orderId"]] = told["error"]
        return None

    def order(self, order_id: str) -> dict[str, object]:
        """Return an order as the API tells of it."""
        answer = self._http.get(f"/api/orders/{order_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()
