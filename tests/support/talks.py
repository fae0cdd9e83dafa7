"""A served application in memory and clients of its `WS /ws`, as tests talk through it."""

import asyncio
import json
from contextlib import suppress

import websockets

from tests.support.builders import ORDER_ID, executed, placed, routed

OTHER_ID, THIRD_ID = (ORDER_ID.replace("0d5e", other) for other in ("1111", "2222"))


OTHER = {"order_id": OTHER_ID, "execution_id": f"{OTHER_ID}:1"}


class World:
    """A served application with its neighbours, and clients of it."""

    def __init__(self, url, neighbours, app):
        self.url = f"{url.replace('http', 'ws', 1)}/ws"
        self.app = app
        self.log, self.read_model = neighbours.log, neighbours.read_model
        self.market = neighbours.follow.__self__

    def happens(self, *events):
        self.log.write(*events)
        self.read_model.project()

    def two_orders(self):
        self.happens(placed(user_id="ann"), routed(2), routed(2, event_id="late"), executed(3))
        self.happens(placed(order_id=OTHER_ID, user_id="bob"), routed(2, **OTHER))


class Client:
    """A connection that was said hello to."""

    def __init__(self, socket):
        self.socket = socket

    async def say(self, **frame):
        await self.socket.send(json.dumps(frame))

    async def told(self):
        return json.loads(await asyncio.wait_for(self.socket.recv(), 5))

    async def until(self, kind):
        """Return the messages up to the first of this type."""
        seen = []
        while not seen or seen[-1]["type"] != kind:
            seen.append(await self.told())
        return seen

    async def subscribe(self, name, wanted, **more):
        await self.say(op="subscribe", id=name, filter=wanted, **more)
        return await self.until("caughtUp")

    async def rest(self):
        """Return what comes until the connection is closed."""
        seen = []
        with suppress(websockets.ConnectionClosed):
            while True:
                seen.append(await self.told())
        return seen


def seqs(messages):
    return [one["seq"] for one in messages if one["type"] == "event"]
