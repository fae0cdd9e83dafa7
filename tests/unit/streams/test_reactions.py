"""A bounded number of orders in flight, the rest parked in turn."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from orders.fold import replay
from streams import reactions
from streams.reactions import CancelledByNobody, Reactions
from tests.support.builders import LIQUIDITY, placed, retry_scheduled, routed, sniper, triggered

PENDING = replay([placed()])
WAITS = replay([placed(terms=sniper())])
SNIPER = replay([placed(terms=sniper()), triggered(2, LIQUIDITY)])
ROUTED = replay([placed(), routed(2)])
WAITING = replay([placed(), routed(2), retry_scheduled(3)])


class Gone:
    async def wait(self):
        raise asyncio.CancelledError


GATES = {"broken": None, "gone": Gone()}


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
async def roomy():
    made = Floor(limit=20)
    yield made
    await made.reactions.cancel({*made.started})


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


async def test_an_order_that_is_stopped_gives_its_slot_to_the_next(floor):
    await floor.start(*(named(PENDING, name) for name in "abcd"))
    floor.reactions.stop("a")
    floor.reactions.stop("c")
    await floor.settle()
    assert floor.started == ["a", "b", "d"]
    assert not floor.reactions.is_running("a")
    assert floor.crashes == []


async def test_a_sniper_waits_for_no_other_order(floor):
    await floor.start(*(named(PENDING, name) for name in "abcd"))
    await floor.start(*(named(SNIPER, name) for name in "xyz"))
    assert floor.started == ["a", "b", "x", "y"]
    assert (floor.reactions.in_flight, floor.reactions.parked) == (4, 3)
    floor.reactions.release("x")
    await floor.settle()
    assert floor.started == ["a", "b", "x", "y", "z"]


async def test_those_that_fired_together_start_in_their_order_however_they_come(roomy):
    roomy.reactions.expect(named(WAITS, name) for name in "abcd")
    await roomy.start(named(SNIPER, "c"), named(SNIPER, "b"))
    assert roomy.started == []
    assert roomy.reactions.is_running("b")
    await roomy.start(named(SNIPER, "a"), named(SNIPER, "e"))
    assert roomy.started == ["a", "b", "c", "e"]
    await roomy.start(named(SNIPER, "d"))
    assert roomy.started[-1] == "d"


@pytest.mark.parametrize("how", ["released", "left"])
async def test_nobody_waits_for_one_that_went_elsewhere(roomy, how):
    roomy.reactions.expect(named(WAITS, name) for name in "ab")
    await roomy.start(named(SNIPER, "b"))
    if how == "released":
        roomy.reactions.release("a")
    else:
        await roomy.reactions.cancel({"a"})
    await roomy.settle()
    assert roomy.started == ["b"]


@pytest.mark.parametrize("gate", ["broken", "gone"])
async def test_a_reaction_that_dies_gives_its_slot_back_and_is_tried_again(
    floor, caplog, monkeypatch, gate
):
    monkeypatch.setattr(reactions, "_PAUSE", timedelta(0))
    floor.gates["a"] = GATES[gate]
    await floor.start(*(named(PENDING, name) for name in "abc"))
    await floor.settle()
    assert floor.started[:3] == ["a", "b", "c"]
    assert floor.started.count("a") > 1
    floor.gates["a"] = asyncio.Event()
    await floor.settle()
    assert floor.crashes == []
    assert "reaction died" in caplog.text


@pytest.mark.parametrize(("after", "started"), [(ROUTED, ["a", "a"]), (None, ["a"])])
async def test_an_order_that_went_on_without_it_is_not_tried_again(
    floor, monkeypatch, after, started
):
    monkeypatch.setattr(reactions, "_PAUSE", timedelta(0))
    floor.gates["a"] = None
    await floor.start(named(PENDING, "a"))
    floor.gates["a"] = asyncio.Event()
    if after:
        floor.reactions.start(named(after, "a"))
    else:
        floor.reactions.release("a")
    await floor.settle()
    assert floor.started == started
    assert floor.crashes == []


@pytest.mark.parametrize(
    ("gate", "error"), [("broken", AttributeError), ("gone", CancelledByNobody)]
)
async def test_when_one_reaction_after_the_other_dies_the_worker_crashes(gate, error):
    floor = Floor(limit=20)
    names = "abcdefghij"
    assert len(names) == reactions.DEATHS_IN_A_ROW
    floor.gates = dict.fromkeys(names, GATES[gate])
    await floor.start(*(named(PENDING, name) for name in names))
    await floor.settle()
    assert [type(crash) for crash in floor.crashes] == [error]
    await floor.reactions.cancel(names)


async def test_deaths_of_one_order_alone_crash_nothing(floor, monkeypatch):
    monkeypatch.setattr(reactions, "_PAUSE", timedelta(0))
    floor.gates["a"] = None
    await floor.start(named(PENDING, "a"))
    for _ in range(reactions.DEATHS_IN_A_ROW):
        await floor.settle()
    assert floor.started.count("a") > reactions.DEATHS_IN_A_ROW
    assert floor.crashes == []


async def test_deaths_of_many_between_reactions_that_end_well_crash_nothing(floor):
    floor.gates["well"] = asyncio.Event()
    floor.gates["well"].set()
    for name in "abcdefghijkl":
        floor.gates[name] = None
        await floor.start(named(PENDING, name), named(PENDING, "well"))
        await floor.settle()
    assert floor.crashes == []


async def test_a_reaction_that_is_cancelled_crashes_nothing(floor):
    await floor.start(named(PENDING, "a"))
    await floor.reactions.cancel({"a"})
    assert floor.crashes == []


async def test_of_many_orders_a_few_begin_in_each_turn_of_the_loop_and_all_in_their_order():
    floor = Floor(limit=1_000)
    names = [f"order {number}" for number in range(100)]
    await floor.start(*(named(PENDING, name) for name in names))
    assert floor.started == names[:20]
    await floor.start(named(PENDING, "late"))
    await floor.settle()
    await floor.settle()
    assert floor.started == [*names, "late"]
    assert (floor.reactions.in_flight, floor.reactions.parked) == (101, 0)
    await floor.reactions.cancel({*floor.started})
