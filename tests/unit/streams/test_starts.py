"""Snipers of a token start in the order of their placement, whichever way they come."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from orders.fold import replay
from streams import starts
from streams.starts import Starts
from tests.support.builders import LIQUIDITY, placed, seconds, sniper, triggered


def waits(second, of="NEW"):
    """Return a sniper that was placed at this second."""
    return replay([placed_at(second, of)])


def fired(second, of="NEW"):
    """Return it as it comes back from the log."""
    pool = replace(LIQUIDITY, token=of)
    return replay([placed_at(second, of), triggered(2, pool, order_id=name(second, of))])


def placed_at(second, of):
    about = {"order_id": name(second, of), "occurred_at": seconds(second)}
    return placed(terms=sniper(token_out=of), **about)


def name(second, of="NEW"):
    # Later ones have the smaller ids.
    return f"{99 - second:08}-0000-4000-8000-{'1' if of == 'NEW' else '2':0>12}"


@pytest.fixture
def door():
    class Door(Starts):
        def __init__(self):
            self.started = []
            super().__init__(lambda order: self.started.append(order.placement.order_id))

    return Door()


async def test_those_that_fired_together_start_in_their_order(door):
    door.expect([waits(1), waits(2), waits(3)])
    assert door.came(fired(3))
    assert door.came(fired(2))
    assert door.started == []
    assert door.is_held(name(2))
    assert door.came(fired(1))
    assert door.started == [name(1), name(2), name(3)]
    assert not door.is_held(name(2))


async def test_one_that_fires_later_starts_before_those_that_were_placed_after_it(door):
    door.expect([waits(2)])
    door.expect([waits(1)])
    door.came(fired(2))
    assert door.started == []
    door.came(fired(1))
    assert door.started == [name(1), name(2)]


async def test_snipers_of_another_token_wait_for_none_of_this_one(door):
    door.expect([waits(1), waits(2, "OTHER")])
    door.came(fired(2, "OTHER"))
    assert door.started == [name(2, "OTHER")]


async def test_one_that_was_not_expected_is_not_held(door):
    door.expect([waits(1)])
    assert not door.came(fired(2))


async def test_one_that_fires_once_more_has_one_turn(door):
    door.expect([waits(1), waits(2)])
    door.expect([waits(1)])
    door.came(fired(2))
    door.gone(name(1))
    assert door.started == [name(2)]


async def test_nobody_waits_long(door, monkeypatch):
    monkeypatch.setattr(starts, "_PATIENCE", timedelta(0))
    door.expect([waits(1), waits(2), waits(3)])
    door.came(fired(3))
    door.came(fired(2))
    await asyncio.sleep(0.01)
    assert door.started == [name(2), name(3)]
    assert not door.came(fired(1))


async def test_who_waits_anew_is_waited_for_as_long_as_anybody(door, monkeypatch):
    monkeypatch.setattr(starts, "_PATIENCE", timedelta(0))
    door.expect([waits(1)])
    monkeypatch.undo()
    door.expect([waits(1), waits(2)])
    await asyncio.sleep(0.01)
    door.came(fired(2))
    assert door.started == []
