"""Events without a venue: bounded, in turn, and one that cannot be settled stops no other."""

import asyncio
from datetime import timedelta

import pytest

from streams import lane
from streams.lane import Lane


class Bench:
    def __init__(self, at_once):
        self.begun = []
        self.gate = asyncio.Event()
        self.broken = set()
        self.lane = Lane(self.settle, at_once)

    async def settle(self, order_id):
        self.begun.append(order_id)
        if order_id in self.broken:
            raise ZeroDivisionError
        await self.gate.wait()

    async def rest(self):
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def bench():
    made = Bench(at_once=2)
    yield made
    await made.lane.cancel(made.begun)


async def test_beyond_the_limit_they_wait_their_turn_once_each(bench):
    for order_id in "abcdc":
        bench.lane.put(order_id)
    await bench.rest()
    assert bench.begun == ["a", "b"]
    bench.gate.set()
    await bench.rest()
    assert bench.begun == ["a", "b", "c", "d"]


async def test_who_is_ahead_waits_for_no_other(bench):
    for order_id in "abcd":
        bench.lane.put(order_id)
    await bench.rest()
    for order_id in "xyz":
        bench.lane.put(order_id, ahead=True)
    await bench.rest()
    assert bench.begun == ["a", "b", "x", "y"]
    bench.gate.set()
    await bench.rest()
    assert sorted(bench.begun[4:]) == ["c", "d", "z"]


async def test_those_who_leave_give_their_room_on_also_ahead(bench):
    for order_id in "xyz":
        bench.lane.put(order_id, ahead=True)
    await bench.rest()
    await bench.lane.cancel({"x"})
    await bench.rest()
    assert bench.begun == ["x", "y", "z"]


async def test_one_whose_turn_has_begun_gets_another(bench):
    bench.lane.put("a")
    await bench.rest()
    bench.lane.put("a")
    await bench.rest()
    assert bench.begun == ["a", "a"]


async def test_one_that_cannot_be_settled_is_tried_again_later(bench, monkeypatch, caplog):
    monkeypatch.setattr(lane, "_PAUSE", timedelta(0))
    bench.broken.add("a")
    bench.lane.put("a")
    bench.lane.put("b")
    await bench.rest()
    assert "b" in bench.begun
    assert bench.begun.count("a") > 1
    assert "reaction died" in caplog.text


async def test_those_that_leave_are_stopped_and_the_others_go_on(bench):
    for order_id in "abcde":
        bench.lane.put(order_id)
    await bench.rest()
    await bench.lane.cancel(["a", "b", "c"])
    await bench.rest()
    assert bench.begun == ["a", "b", "d", "e"]
