"""Prices that have not come for a while mean nothing, and that is said."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

import pytest

from runtime.silence import Silence
from tests.support.servers import wait_until


class Watch:
    """A monotonic clock that a test moves."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def watch():
    return Watch()


def test_prices_are_silent_when_none_came_for_five_seconds(watch):
    silence = Silence(watch)
    seen = []
    for seconds in (0, 5, 0.1):
        watch.now += seconds
        seen.append(silence.silent)
    silence.heard()
    assert [*seen, silence.silent] == [False, False, True, False]


async def test_silence_is_said_once_and_so_is_its_end(watch, caplog, monkeypatch):
    monkeypatch.setattr("runtime.silence._LOOK", timedelta(milliseconds=10))
    caplog.set_level(logging.INFO)
    silence = Silence(watch)
    telling = asyncio.create_task(silence.tell())

    async def told(count):
        await asyncio.to_thread(wait_until, lambda: len(caplog.records) >= count)
        return [record.action for record in caplog.records]

    try:
        watch.now += 6
        assert await told(1) == ["market_silent"]
        silence.heard()
        assert await told(2) == ["market_silent", "market_heard"]
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
