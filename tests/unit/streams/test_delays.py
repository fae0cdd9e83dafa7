"""The delays worker's core: an order is held until broker time says that it is due."""

import asyncio

import pytest

from orders.fold import replay
from orders.wire import encode_order
from streams.clock import BrokerClock
from streams.delays import Delays
from tests.support.builders import T0, placed, retry_due, retry_scheduled, routed, seconds

WAITING = encode_order(replay([placed(), routed(2), retry_scheduled(3)]))


class Shelf:
    """A delays core over a clock that is set by hand and a log that is a list."""

    def __init__(self, limit=10):
        self.log = []
        self.done = []
        self.clock = BrokerClock(lambda: T0, lambda: 0.0)
        self.delays = Delays(self, self.clock, lambda _order: retry_due(4, 2), limit)

    async def append(self, event):
        self.log.append(event)

    async def hold(self, due_at, value=WAITING):
        await self.delays.hold(value, due_at, lambda: self.done.append(due_at))

    async def settle(self):
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def shelf():
    made = Shelf()
    yield made
    await made.delays.close()


async def test_an_order_that_is_due_is_let_go_and_its_record_done(shelf):
    await shelf.hold(T0)
    await shelf.settle()
    assert [event.attempt for event in shelf.log] == [2]
    assert shelf.done == [T0]


async def test_an_order_that_is_not_due_is_held(shelf):
    await shelf.hold(seconds(0.05))
    await shelf.settle()
    assert shelf.log == []
    shelf.clock.saw(seconds(1))
    await asyncio.sleep(0.1)
    assert len(shelf.log) == 1


async def test_beyond_the_limit_the_topic_waits():
    shelf = Shelf(limit=1)
    await shelf.hold(seconds(60))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(shelf.hold(seconds(60)), 0.05)
    await shelf.delays.close()


async def test_what_is_no_waiting_order_is_told_and_passed_over(shelf, caplog):
    await shelf.hold(T0, b"poison")
    await shelf.hold(T0, encode_order(replay([placed()])))
    await shelf.settle()
    assert shelf.log == []
    assert len(shelf.done) == 2
    assert "not a waiting order" in caplog.text
