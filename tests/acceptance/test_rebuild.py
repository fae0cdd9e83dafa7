"""The tables made anew under load: nobody who uses the engine notices."""

import asyncio
import json
import sys

import pytest
import websockets

from tests.support.audited import assert_engine_holds

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

ORDERS = 600


async def rebuild(engine):
    """Run the command as a person would, and return what it says."""
    command = [sys.executable, "-m", "cli.main", "projection", "rebuild"]
    process = await asyncio.create_subprocess_exec(
        *command,
        *("--data-dir", str(engine.data_dir), "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(told)


async def keep_asking(client, order_id, over):
    """Ask for an order and for lists without a pause; return how often all was well."""
    before, asked = await client.order(order_id), 0
    while not over.is_set():
        assert await client.order(order_id) == before
        page = await client.http.get("/api/orders", params={"limit": 5})
        assert page.status_code == 200, page.text
        asked += 1
    return asked


async def completions(client, user, count):
    """Follow a user's orders until so many are completed; fail when the feed ends before."""
    done = 0
    async with client.socket(f"/ws?userId={user}") as socket:
        try:
            async for message in socket:
                done += json.loads(message)["status"] == "completed"
                if done == count:
                    return
        except websockets.ConnectionClosed as closed:
            pytest.fail(f"{closed} after {done}")


async def test_nobody_notices_a_rebuild(shared_engine, client):
    before = (await assert_engine_holds(shared_engine)).figures.orders
    first = await client.place()
    await client.ended(first)
    over = asyncio.Event()
    asking = asyncio.create_task(keep_asking(client, first, over))
    following = asyncio.create_task(completions(client, "ann", ORDERS))
    await asyncio.sleep(0.5)
    placing = asyncio.create_task(client.place_many(ORDERS, userId="ann"))
    told = [await rebuild(shared_engine), await rebuild(shared_engine)]
    assert [one["schema"] for one in told] == ["projection_2", "projection_3"]
    assert all(one["numbersKept"] for one in told)
    await placing
    await asyncio.wait_for(following, 90)
    over.set()
    assert await asking > 10
    report = await assert_engine_holds(shared_engine)
    assert report.figures.orders == before + ORDERS + 1
