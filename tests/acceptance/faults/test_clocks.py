"""Clocks that are five minutes wrong, in one kind of process at a time, in either direction."""

import asyncio
from contextlib import closing, contextmanager

import pytest

from local.ports import free_ports
from tests.support.arena import Arena
from tests.support.crowd import Crowd
from tests.support.extras import extra
from tests.support.retries import waits_of_retries
from tests.support.truth import assert_word_kept, log_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

OFFSETS = {"ENGINE_CLOCK_OFFSETS": "early=300000,late=-300000"}
MUCH_LATER = 12
"""Seconds beyond its delay that a retry may start: a rebalance may lie between, no minutes."""

MIX = {"worker": ("glitch,quote-glitch", ""), "delays": ("glitch,quote-glitch,glitch", "")}


@contextmanager
def two_wrong(arena: Arena, *module: str):
    """Run two processes more of a kind: one lives five minutes ahead, one as much behind."""
    with (
        extra(arena, "early", *module, **OFFSETS) as early,
        extra(arena, "late", *module, **OFFSETS) as late,
    ):
        for process in (early, late):
            process.wait_until_ready()
            assert "set wrong" in process.log
        yield


@pytest.mark.parametrize("role", ["worker", "delays"])
def test_workers_with_wrong_clocks_wait_as_long_as_they_should(arena, role):
    with closing(Crowd(arena.url, MIX[role])) as crowd, two_wrong(arena, "streams", role):
        crowd.place(60)
        stories = assert_word_kept(arena, crowd)
    assert all(story.status == "completed" for story in stories.values())
    waits = asyncio.run(waits_of_retries(arena.kafka, log_of(arena), crowd.accepted))
    assert len(waits) >= 60
    for delay, waited in waits:
        assert delay <= waited < delay + MUCH_LATER


def test_an_api_whose_clock_is_behind_refuses_what_would_be_void(arena):
    with api(arena, "late") as behind:
        behind.place(10)
        assert behind.accepted == []
        assert set(behind.refused.values()) == {"PLACEMENT_VOID"}
        assert len(behind.refused) == 10
        assert_word_kept(arena, behind)


def test_an_api_whose_clock_is_ahead_loses_nothing(arena):
    with api(arena, "early") as ahead:
        ahead.place(10)
        assert len(ahead.accepted) == 10
        assert_word_kept(arena, ahead)


@contextmanager
def api(arena: Arena, name: str):
    """Run one more API process, and yield clients of it."""
    [port] = free_ports(1)
    with extra(arena, name, "api", ENGINE_PORT=str(port), **OFFSETS) as process:
        process.wait_until_ready()
        with closing(Crowd(f"http://127.0.0.1:{port}")) as crowd:
            yield crowd
