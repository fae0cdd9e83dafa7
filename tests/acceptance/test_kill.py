"""What is accepted is executed once, whatever dies meanwhile."""

import asyncio

import httpx
import pytest

from tests.support.audited import assert_engine_holds

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


async def all_ended(client, count, patience):
    async with asyncio.timeout(patience):
        while True:
            try:
                page = (await client.http.get("/api/orders", params={"limit": 500})).json()
            except httpx.TransportError:
                await asyncio.sleep(0.5)
                continue
            done = [one for one in page["orders"] if one["status"] in {"completed", "failed"}]
            if page["total"] == len(done) == count:
                return done
            await asyncio.sleep(0.2)


async def some_in_flight(client):
    while True:
        query = {"status": "executing", "limit": 1}
        if (await client.http.get("/api/orders", params=query)).json()["total"] > 20:
            return
        await asyncio.sleep(0.02)


async def assert_all_agree(engine, count):
    report = await assert_engine_holds(engine)
    assert report.figures.orders == count


async def test_a_killed_worker_loses_and_doubles_nothing(engine, client_of):
    client = client_of(engine)
    await client.place_many(200)
    await some_in_flight(client)
    engine.kill("worker-1")
    orders = await all_ended(client, 200, 60)
    assert all(order["status"] == "completed" for order in orders)
    await assert_all_agree(engine, 200)


async def test_a_restart_of_everything_loses_and_doubles_nothing(make_engine, client_of):
    engine = make_engine()
    engine.start()
    client = client_of(engine)
    await client.place_many(100)
    await some_in_flight(client)
    engine.restart()
    client = client_of(engine)
    await all_ended(client, 100, 60)
    await assert_all_agree(engine, 100)
