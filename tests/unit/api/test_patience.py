"""How long whoever cancels or amends waits, when what they wait for does not move."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.api import neighbours_in_memory, running_api
from tests.support.builders import ORDER_ID, limit, placed, rested

PATH = f"/api/orders/{ORDER_ID}"


async def asked(api, method, *, hanging=lambda: None):
    api.log.write(placed(terms=limit()), rested(2))
    api.read_model.project()
    api.log.appended = hanging
    async with asyncio.timeout(10):
        return await api.http.request(
            method, PATH, json={"targetPrice": 150}, headers={"If-Match": "2"}
        )


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_projection_that_stands_still_is_waited_for_no_longer(monkeypatch, method):
    monkeypatch.setattr("api.amending.PATIENCE", timedelta(milliseconds=300))
    async with running_api(read_patience_ms=60_000) as api:
        answer = await asked(api, method)
    assert answer.status_code == 202, answer.text
    assert answer.json()["version"] == 2


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_read_that_hangs_is_waited_for_no_longer(monkeypatch, method):
    monkeypatch.setattr("api.amending.PATIENCE", timedelta(milliseconds=300))
    neighbours, hangs = neighbours_in_memory(), asyncio.Event()
    read = neighbours.read_model.orders

    async def orders(order_ids):
        if hangs.is_set():
            await asyncio.get_running_loop().create_future()
        return await read(order_ids)

    def hang():
        neighbours.read_model.project()
        hangs.set()

    neighbours.read_model.orders = orders
    async with running_api(neighbours) as api:
        answer = await asked(api, method, hanging=hang)
    assert answer.status_code == 202, answer.text
    assert answer.json()["version"] == 2
