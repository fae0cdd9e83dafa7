"""Two ends for one order at one moment, while a worker is killed: exactly one of them comes."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.support.servers import wait_until
from tests.support.truth import assert_word_kept

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

ORDERS = 100
AWAY = Decimal("1.2")
ENDED = {"completed", "cancelled", "expired", "failed"}


class Desk:
    """A client that places limit orders out of reach, and the market that may come to them."""

    def __init__(self, arena, crowd, token: str) -> None:
        self._arena = arena
        self._crowd = crowd
        self._token = token
        self._http = httpx.Client(base_url=arena.url, timeout=20)
        self.target = (self._price() * AWAY).quantize(Decimal("1e-9"))

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def place(self, **terms: object) -> list[str]:
        """Place the orders and return their ids, once all of them rest."""
        swap = {"tokenIn": self._token, "tokenOut": "USDC", "amount": 10, "orderType": "limit"}
        body = {**swap, "targetPrice": float(self.target), **terms}
        answers = self._all(lambda _: self._http.post("/api/orders", json=body), range(ORDERS))
        order_ids = [answer.json()["orderId"] for answer in answers]
        self._crowd.accepted += order_ids
        wait_until(lambda: set(self.statuses(order_ids)) == {"open"}, what="all of them rest")
        return order_ids

    def statuses(self, order_ids: list[str]) -> Counter[str]:
        """Return how many of the orders have each status."""
        return Counter(self._all(lambda one: self.order(one)["status"], order_ids))

    def order(self, order_id: str) -> dict[str, object]:
        """Return an order as the API tells of it."""
        told: dict[str, object] = self._http.get(f"/api/orders/{order_id}").json()
        return told

    def cancel(self, order_ids: list[str]) -> list[int]:
        """Ask for the end of each of the orders, twice, and return what was answered."""
        twice = [order_id for order_id in order_ids for _ in range(2)]
        return self._all(lambda one: self._http.delete(f"/api/orders/{one}").status_code, twice)

    def amend(self, order_ids: list[str], **terms: object) -> list[int]:
        """Ask for other terms for each of the orders and return what was answered."""

        def ask(order_id: str) -> int:
            headers = {"If-Match": str(self.order(order_id)["version"])}
            path = f"/api/orders/{order_id}"
            return self._http.patch(path, json=terms, headers=headers).status_code

        return self._all(ask, order_ids)

    def move(self) -> None:
        """Let the market come to the target."""
        price = f"{self.target * Decimal('1.02'):f}"
        place = ["--data-dir", str(self._arena.data_dir)]
        told = CliRunner().invoke(app, ["market", "tick", f"{self._token}/USDC", price, *place])
        assert told.exit_code == 0, told.output

    def _price(self) -> Decimal:
        def told() -> dict[str, float]:
            prices = self._http.get("/api/market/prices").json()["prices"]
            return {one["pair"]: one["price"] for one in prices}

        pair = f"{self._token}/USDC"
        wait_until(lambda: pair in told(), what=f"the market tells {pair}")
        return Decimal(str(told()[pair]))

    def _all(self, work: Callable, items) -> list:
        with ThreadPoolExecutor(4) as clients:
            return list(clients.map(work, items))


@pytest.fixture
def desk_of(arena, clean_crowd):
    with ExitStack() as desks:
        yield lambda token: desks.enter_context(closing(Desk(arena, clean_crowd, token)))


def at_once(*works):
    with ThreadPoolExecutor(len(works)) as threads:
        return [work.result() for work in [threads.submit(work) for work in works]]


def ends(desk, order_ids):
    wait_until(lambda: set(desk.statuses(order_ids)) <= ENDED, 60, "every order has ended")
    return desk.statuses(order_ids)


def test_a_cancel_against_a_trigger(arena, clean_crowd, desk_of):
    desk = desk_of("JUP")
    order_ids = desk.place()
    answers, *_ = at_once(lambda: desk.cancel(order_ids), desk.move, lambda: arena.kill("worker-1"))
    assert set(answers) <= {202, 409}
    assert set(ends(desk, order_ids)) <= {"completed", "cancelled"}
    assert_word_kept(arena, clean_crowd)


def test_an_expiry_against_a_trigger(arena, clean_crowd, desk_of):
    desk = desk_of("RAY")
    expires_at = datetime.now(UTC) + timedelta(seconds=15)
    order_ids = desk.place(expiresAt=expires_at.isoformat())
    wait_until(lambda: datetime.now(UTC) > expires_at - timedelta(seconds=1))
    at_once(desk.move, lambda: arena.kill("worker-2"))
    assert set(ends(desk, order_ids)) <= {"completed", "expired"}
    assert_word_kept(arena, clean_crowd)


def test_an_amendment_against_a_trigger(arena, clean_crowd, desk_of):
    desk = desk_of("PYTH")
    order_ids = desk.place()
    away = float(desk.target * AWAY)
    answers, *_ = at_once(
        lambda: desk.amend(order_ids, targetPrice=away), desk.move, lambda: arena.kill("worker-1")
    )
    assert set(answers) <= {200, 202, 409, 412}
    wait_until(lambda: set(desk.statuses(order_ids)) <= {"open", "completed"}, 60, "at rest again")
    for order_id in order_ids:
        order = desk.order(order_id)
        assert order["status"] == "completed" or order["targetPrice"] == away
    desk.cancel([one for one in order_ids if desk.order(one)["status"] == "open"])
    ends(desk, order_ids)
    assert_word_kept(arena, clean_crowd)
