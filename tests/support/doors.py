"""The public doors of an engine, as tests knock at them: HTTP, and the command."""

import httpx
from typer.testing import CliRunner, Result

from cli.main import app
from tests.support.engine import Engine
from tests.support.servers import wait_until

ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}


def place(engine: Engine) -> str:
    """Place an order and return its id."""
    answer = httpx.post(f"{engine.url}/api/orders/execute", json=ORDER, timeout=15)
    answer.raise_for_status()
    return answer.json()["orderId"]


def status_of(engine: Engine, order_id: str) -> str:
    """Return the status of an order."""
    answer = httpx.get(f"{engine.url}/api/orders/{order_id}", timeout=15)
    answer.raise_for_status()
    return answer.json()["status"]


def complete_one(engine: Engine) -> str:
    """Place an order and return its id when it is completed."""
    order_id = place(engine)
    wait_until(lambda: status_of(engine, order_id) == "completed", what="the order completes")
    return order_id


def command(engine: Engine, *arguments: str) -> Result:
    """Run another engine command on the same data directory."""
    return CliRunner().invoke(
        app, [*arguments, "--data-dir", str(engine.data_dir)], env={"COLUMNS": "200"}
    )
