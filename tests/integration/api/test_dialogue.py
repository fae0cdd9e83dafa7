"""Clients that hop between API processes while these are killed or stopped: none misses any."""

import asyncio
import json
import random
import uuid
from contextlib import suppress

import pytest
import websockets

from tests.support.builders import executed, routed
from tests.support.log import eventually, placement

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

CLIENTS, ORDERS, KILLS = 12, 240, 4


def life(order_id):
    first = placement(order_id, user_id="ann")
    second = routed(2, order_id=order_id, execution_id=f"{order_id}:1")
    return first, second, executed(3, order_id=order_id)


class Hopper:
    """A client that resumes at another process whenever its connection breaks."""

    def __init__(self, number, urls):
        self.chance = random.Random(number)
        self.urls = urls
        self.seen: list[int] = []

    async def run(self):
        while True:
            with suppress(OSError, websockets.WebSocketException, TimeoutError):
                await self._listen(self.chance.choice(self.urls))
            await asyncio.sleep(0.05)

    async def _listen(self, url):
        last = self.seen[-1] if self.seen else 0
        frame = {"op": "subscribe", "id": 1, "filter": {"all": True}, "fromSeq": last + 1}
        # Whoever leaves with unread frames does not see that the other side agrees: it just goes.
        async with websockets.connect(f"{url}/ws", open_timeout=3, close_timeout=0.2) as socket:
            await socket.send(json.dumps(frame))
            for _ in range(self.chance.randint(20, 400)):
                told = json.loads(await asyncio.wait_for(socket.recv(), 10))
                if told["type"] == "event":
                    assert told["prevSeq"] == (self.seen[-1] if self.seen else 0)
                    self.seen.append(told["seq"])
                if told["type"] == "error":
                    assert told["retryable"]
                    return


async def test_every_client_hears_all_of_the_log_once(start_api, happens, projector):
    apis = [start_api(), start_api()]
    hoppers = [Hopper(number, [api.ws for api in apis]) for number in range(CLIENTS)]
    hopping = [asyncio.create_task(hopper.run()) for hopper in hoppers]
    names = [str(uuid.uuid4()) for _ in range(ORDERS)]
    share = ORDERS // KILLS
    for number in range(KILLS):
        some = names[number * share : (number + 1) * share]
        await happens(*(event for name in some for event in life(name)))
        victim = apis[number % 2]
        victim.process.kill()
        victim.process.wait()
        await asyncio.to_thread(_again, start_api, hoppers, apis, number % 2)
    whole = list(range(1, 3 * ORDERS + 1))

    async def all_heard():
        for task in hopping:
            if task.done():
                task.result()
        return all(len(hopper.seen) == len(whole) for hopper in hoppers)

    await eventually(all_heard, 60)
    for task in hopping:
        task.cancel()
    await asyncio.gather(*hopping, return_exceptions=True)
    assert all(hopper.seen == whole for hopper in hoppers)


def _again(start_api, hoppers, apis, place):
    apis[place] = start_api()
    for hopper in hoppers:
        hopper.urls[place] = apis[place].ws


async def test_a_process_that_stops_tells_where_to_resume(start_api, happens, projector):
    api = start_api()
    name = str(uuid.uuid4())
    await happens(*life(name))
    frame = {"op": "subscribe", "id": 1, "filter": {"orderId": name}, "fromSeq": 1}
    async with websockets.connect(f"{api.ws}/ws") as socket:
        await socket.send(json.dumps(frame))
        seen = []
        while len(seen) < 3:
            told = json.loads(await asyncio.wait_for(socket.recv(), 20))
            seen += [told["seq"]] if told["type"] == "event" else []
        api.process.terminate()
        last = {}
        with suppress(websockets.ConnectionClosed):
            while True:
                last = json.loads(await asyncio.wait_for(socket.recv(), 20))
    assert (last["type"], socket.close_code) == ("goingAway", 1012)
    assert [(one["id"], one["fromSeq"]) for one in last["resume"]] == [(1, 4)]
    assert await asyncio.to_thread(api.process.wait, 10) == 0
