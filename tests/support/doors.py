"""The public doors of an engine, as tests knock at them: HTTP, and the command."""

import asyncio

import httpx
from typer.testing import CliRunner, Result

from cli.main import app
from tests.support.engine import Engine
from tests.support.log import eventually
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


async def all_ended(client, count: int, patience: float, **of: str) -> list[dict]:
    """Return so many orders once they are all there are (of a user) and have all ended."""
    async with asyncio.timeout(patience):
        while True:
            try:
                query = {"limit": 500, **of}
                page = (await client.http.get("/api/orders", params=query)).json()
            except httpx.TransportError:
                await asyncio.sleep(0.5)
                continue
            done = [one for one in page["orders"] if one["status"] in {"completed", "failed"}]
            if len(page["orders"]) == len(done) == count and page["nextCursor"] is None:
                return done
            await asyncio.sleep(0.2)


async def some_in_flight(client, **of: str) -> None:
    """Return when twenty orders (of a user) are on their way."""
    query = {"status": "executing", "limit": 20, **of}

    async def twenty() -> bool:
        return len((await client.http.get("/api/orders", params=query)).json()["orders"]) == 20

    await eventually(twenty, every=0.02)
