"""The engine takes no more orders than it can finish."""

import asyncio

import pytest

from api.errors import Refusal
from api.room import Room
from tests.support.api import running_api
from tests.support.builders import placed

NAMED = {"userId": "alice", "clientOrderId": "my-1"}


@pytest.fixture
async def api():
    async with running_api(max_unfinished=3) as running:
        running.log.appended = running.read_model.project
        yield running


async def counted(api, unfinished):
    api.read_model.count = unfinished
    await api.app.state.parts.room.count()


@pytest.mark.parametrize("named", [{}, NAMED])
async def test_above_the_limit_placements_are_refused(api, named, caplog):
    await counted(api, 4)
    answer = await api.place(**named)
    assert (answer.status_code, answer.json()["error"]) == (503, "ENGINE_BUSY")
    assert answer.headers["Retry-After"] == "1"
    assert "4 unfinished orders" in answer.json()["message"]
    assert not api.log.events
    await counted(api, 3)
    assert (await api.place(**named)).status_code == 202
    assert "engine is full" in caplog.text
    assert "engine takes orders again" in caplog.text


async def test_a_repeat_is_answered_however_full_the_engine_is(api):
    assert (await api.place(**NAMED)).status_code == 202
    await counted(api, 4)
    assert (await api.place(**NAMED)).status_code == 200
    assert (await api.place(**NAMED, amount=11)).status_code == 409


async def test_the_other_routes_do_not_care(api):
    api.log.write(placed())
    api.read_model.project()
    await counted(api, 4)
    for path in ("/orders", f"/api/orders/{placed().order_id}", "/health"):
        assert (await api.http.get(path)).status_code == 200


async def test_a_count_that_is_too_old_is_not_believed(api, monkeypatch):
    monkeypatch.setattr("api.room.BELIEVED_S", 0.0)
    await counted(api, 4)
    api.read_model.away = True
    assert (await api.place()).status_code == 202


async def test_it_counts_about_once_a_second_whatever_happens(monkeypatch, caplog):
    monkeypatch.setattr("api.room.COUNT_EVERY_S", 0.0)
    asked = 0

    class Counts:
        async def unfinished(self):
            nonlocal asked
            asked += 1
            if asked == 1:
                raise ZeroDivisionError("odd")
            return asked

    room = Room(Counts(), 5)
    running = asyncio.create_task(room.run())
    async with asyncio.timeout(5):
        while asked < 6:
            room.require()
            await asyncio.sleep(0)
    with pytest.raises(Refusal):
        room.require()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert "cannot be counted" in caplog.text
