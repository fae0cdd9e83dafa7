"""A fault drill: an engine under a steady load, and whether it kept its promises at the end."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from typer.testing import CliRunner

from bench.load import PATH, Answer, Load, market_order, write_ids
from cli.main import app
from tests.support.engine import PARTITIONS, Engine
from tests.support.servers import wait_until

PER_SECOND = 20
JSON = {"content-type": "application/json"}
FAST = {"ENGINE_QUOTE_LATENCY_MS": "50", "ENGINE_EXECUTE_LATENCY_MS": "200"}
SETTLED_WITHIN = 60


class Drill:
    """One engine that is disturbed while orders are placed."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def load(self) -> Iterator[Load]:
        """Place orders while the block runs, entered when they are accepted; judge at the end.

        Nothing was lost, nothing done twice, and what was refused executed only where the log has
        it in time, which a question by its id tells.
        """
        with Load(self.engine.url, PER_SECOND) as load:
            self.until_accepted(load)
            yield load
        assert not load.unanswered
        self.assert_verified(load)
        self.assert_refused_can_be_asked_for(load.refused)

    def get(self, path: str) -> tuple[int, Any]:
        """Return status and body of a read."""
        return self._ask("GET", path)

    def place(self, **terms: object) -> tuple[int, Any]:
        """Place an order that is like those of the load in what is not given."""
        return self._ask("POST", PATH, {**market_order(0).body, **terms})

    def _ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.engine.url).netloc, timeout=15)
        connection.request(method, path, body and json.dumps(body), JSON)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        return response.status, answer

    def order(self, order_id: str | None) -> tuple[int, Any]:
        """Return status and body of the read of an order."""
        return self.get(f"/api/orders/{order_id}")

    def health(self) -> int:
        """Return the status of /health."""
        return self.get("/health")[0]

    def pids(self, *besides: str) -> dict[str, int | None]:
        """Return the pids of all processes but these."""
        return {
            name: process.pid
            for name, process in self.engine.processes.items()
            if name not in besides
        }

    def until_accepted(self, load: Load, count: int = 40, patience: float = 60) -> None:
        """Return when so many more orders have been accepted in a row."""
        since = load.now

        def accepted() -> bool:
            answers = load.since(since)
            return len(answers) >= count and all(one.accepted for one in answers[-count:])

        wait_until(accepted, patience, "placements are accepted")

    def until_refused(self, load: Load, count: int = 10, patience: float = 30) -> list[Answer]:
        """Return the refusals of what is sent from now on, when there are so many."""
        since = load.now

        def refused() -> list[Answer]:
            return [one for one in load.since(since) if not one.accepted]

        wait_until(lambda: len(refused()) >= count, patience, "placements are refused")
        return refused()

    def assert_verified(self, load: Load) -> None:
        """Fail unless `engine verify` finds every invariant held, when all orders have ended."""
        folder = self.engine.data_dir.parent
        accepted, refused = folder / "accepted", folder / "refused"
        write_ids(accepted, load.accepted)
        write_ids(refused, load.refused)
        self._verify(accepted, refused)

    def assert_refused_can_be_asked_for(self, refused: list[Answer]) -> None:
        """Fail unless each refusal names an order that ended, or that is nowhere."""
        for answer in refused:
            assert answer.order_id, answer
            status, order = self.order(answer.order_id)
            assert status == 404 or order["status"] == "completed", order

    def _verify(self, accepted: Path, refused: Path) -> None:
        lists = ("--accepted", str(accepted), "--refused", str(refused))
        waiting = ("--wait", str(SETTLED_WITHIN), "--data-dir", str(self.engine.data_dir))
        answer = CliRunner().invoke(app, ["verify", "--json", *lists, *waiting])
        assert answer.exit_code == 0, answer.output
        told = json.loads(answer.stdout)
        assert (told["lag"], told["open"], told["quarantined"]) == (0, {}, [])


@contextmanager
def drilled(data_dir: Path, *options: str, **environment: str) -> Iterator[Drill]:
    """Yield the drill of a running engine with fast venues; the engine is stopped at the end."""
    variables = {"ENGINE_PARTITIONS": PARTITIONS, **FAST, **environment}
    engine = Engine(data_dir, *options, environment=variables)
    try:
        engine.start()
        yield Drill(engine)
    finally:
        engine.stop()
