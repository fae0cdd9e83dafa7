"""The heartbeats of many clients: each hears its own in time, few questions serve them all."""

import asyncio
import json
from contextlib import ExitStack

import pytest

from api import beats
from api.beats import Beats
from tests.support.api_log import MemoryLog
from tests.support.api_memory import MemoryReadModel
from tests.support.log import eventually


class Client:
    def __init__(self):
        self.heard = []

    def beat(self, text):
        self.heard.append(json.loads(text))


class Model(MemoryReadModel):
    asked = 0

    async def replay(self, *about):
        self.asked += 1
        return await super().replay(*about)


@pytest.fixture
def model():
    return Model(MemoryLog())


@pytest.fixture
async def beating(monkeypatch, model):
    monkeypatch.setattr(beats, "PERIOD_S", 0.2)
    one = Beats(model)
    running = asyncio.create_task(one.run())
    yield one
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def all_heard(clients, count):
    async def heard():
        return all(len(client.heard) >= count for client in clients)

    return heard


async def test_many_clients_are_served_by_few_questions(beating, model):
    clients = [Client() for _ in range(200)]
    with ExitStack() as felt:
        for client in clients:
            felt.enter_context(beating.felt_by(client))
        await eventually(all_heard(clients, 3))
    assert clients[0].heard[0] == {"type": "heartbeat", "headSeq": 0, "epoch": model.epoch}
    most = max(len(client.heard) for client in clients)
    assert min(len(client.heard) for client in clients) >= most - 1
    assert model.asked <= most * beats.LATE_TURNS


async def test_who_has_left_hears_no_more(beating):
    left, stays = Client(), Client()
    with beating.felt_by(stays):
        with beating.felt_by(left):
            await eventually(all_heard([left, stays], 1))
        heard = len(left.heard)
        await eventually(all_heard([stays], len(stays.heard) + 2))
        assert len(left.heard) == heard


async def test_they_go_on_when_the_projection_is_back(beating, model):
    client = Client()
    with beating.felt_by(client):
        model.away = True
        await asyncio.sleep(0.3)
        assert client.heard == []
        model.away = False
        await eventually(all_heard([client], 1))
