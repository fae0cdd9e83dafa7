"""A bounded number of orders in flight, the rest parked in turn."""

import asyncio
from dataclasses import replace

import pytest

from orders.fold import replay
from streams.reactions import CancelledByNobody, Reactions
from tests.support.builders import placed, retry_scheduled, routed

PENDING = replay([placed()])
ROUTED = replay([placed(), routed(2)])
WAITING = replay([placed(), routed(2), retry_scheduled(3)])


def named(order, name):
    return replace(order, placement=replace(order.placement, order_id=name))


class Floor:
    """Reactions that run until they are let go, and who has started so far."""

    def __init__(self, limit):
        self.started = []
        self.gates = {}
        self.crashes = []
        self.reactions = Reactions(limit, self.react, self.crash)

    async def react(self, order):
        name = order.placement.order_id
        self.started.append(name)
        await self.gates.setdefault(name, asyncio.Event()).wait()

    async def crash(self, error):
        self.crashes.append(error)

    async def start(self, *orders):
        for order in orders:
            self.reactions.start(order)
        await asyncio.sleep(0)

    async def settle(self):
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def floor():
    made = Floor(limit=2)
    yield made
    await made.reactions.cancel({*made.started})


async def test_beyond_the_limit_orders_are_parked_and_follow_in_turn(floor):
    await floor.start(*(named(PENDING, name) for name in "abcd"))
    assert floor.started == ["a", "b"]
    assert (floor.reactions.in_flight, floor.reactions.parked) == (2, 2)
    floor.reactions.release("b")
    await floor.settle()
    assert floor.started == ["a", "b", "c"]


async def test_an_order_keeps_its_slot_from_quote_to_outcome(floor):
    await floor.start(named(PENDING, "a"), named(PENDING, "b"), named(PENDING, "c"))
    await floor.start(named(ROUTED, "a"))
    assert floor.started == ["a", "b", "a"]
    assert floor.reactions.in_flight == 2


async def test_a_routed_order_never_waits_for_a_slot(floor):
    await floor.start(named(PENDING, "a"), named(PENDING, "b"), named(ROUTED, "c"))
    assert floor.started == ["a", "b", "c"]


async def test_putting_an_order_on_its_delay_takes_no_slot(floor):
    await floor.start(named(WAITING, "a"), named(PENDING, "b"), named(PENDING, "c"))
    assert floor.started == ["a", "b", "c"]
    assert floor.reactions.in_flight == 2


async def test_cancelled_orders_stop_and_the_parked_among_them_never_start(floor):
    await floor.start(*(named(PENDING, name) for name in "abcd"))
    await floor.reactions.cancel({"a", "b", "c"})
    await floor.settle()
    assert floor.started == ["a", "b", "d"]
    assert not floor.reactions.is_running("a")


async def test_a_reaction_that_dies_crashes_the_worker(floor, caplog):
    floor.gates["a"] = None
    await floor.start(named(PENDING, "a"))
    await floor.settle()
    assert [type(error) for error in floor.crashes] == [AttributeError]
    assert "reaction died" in caplog.text


async def test_a_reaction_that_a_library_cancelled_crashes_the_worker(floor):
    floor.gates["a"] = Gone()
    await floor.start(named(PENDING, "a"))
    await floor.settle()
    assert [type(error) for error in floor.crashes] == [CancelledByNobody]


async def test_a_reaction_that_is_cancelled_crashes_nothing(floor):
    await floor.start(named(PENDING, "a"))
    await floor.reactions.cancel({"a"})
    assert floor.crashes == []


class Gone:
    async def wait(self):
        raise asyncio.CancelledError
