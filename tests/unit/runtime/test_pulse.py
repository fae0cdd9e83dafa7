"""What comes one by one goes on together."""

import asyncio
from datetime import timedelta

from runtime.pulse import MANY, Pulse

LONG = timedelta(hours=1)
SHORT = timedelta(milliseconds=20)


class Heart:
    """A pulse that notes when it beats."""

    def __init__(self, pause):
        self.beats = asyncio.Queue()
        self._pulse = Pulse(pause, lambda: self.beats.put_nowait(self._now()))
        self.ask = self._pulse.ask

    def _now(self):
        return asyncio.get_running_loop().time()

    async def beat(self):
        async with asyncio.timeout(5):
            return await self.beats.get()


async def test_it_beats_at_once_for_who_asks_first_and_all_who_ask_at_the_same_moment():
    heart = Heart(LONG)
    for _ in range(10):
        heart.ask()
    await heart.beat()
    assert heart.beats.empty()


async def test_who_asks_soon_after_waits_and_one_beat_serves_all():
    heart = Heart(SHORT)
    # Not from the first beat: this process may have had to wait before it could note that one.
    began = asyncio.get_running_loop().time()
    for _ in range(MANY):
        heart.ask()
    await heart.beat()
    for _ in range(3):
        heart.ask()
    second = await heart.beat()
    # The loop's timers may be early by its resolution.
    assert second - began > SHORT.total_seconds() * 0.9
    await asyncio.sleep(SHORT.total_seconds() * 2)
    assert heart.beats.empty()


async def test_who_asks_after_one_alone_waits_only_its_part_of_the_pause():
    heart = Heart(LONG / 3600)
    heart.ask()
    first = await heart.beat()
    heart.ask()
    second = await heart.beat()
    assert second - first < 1.5 / MANY


async def test_it_beats_again_for_those_who_ask_when_it_has_beaten():
    heart = Heart(SHORT)
    for _ in range(3):
        heart.ask()
        await heart.beat()
