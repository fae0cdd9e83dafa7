"""What a client has not taken yet is bounded, in messages and in bytes."""

import asyncio
from functools import partial

import pytest

from api.outbox import Outbox


async def test_messages_are_taken_in_the_order_they_were_put():
    outbox, told = Outbox(3), []
    for text in ("a", "b"):
        assert outbox.put(text, partial(told.append, text))
    for text in ("a", "b"):
        taken, sent = await outbox.take()
        assert taken == text
        assert text not in told
        sent()
    assert told == ["a", "b"]


@pytest.mark.parametrize(("most", "most_bytes"), [(2, 100), (100, 2)])
async def test_there_is_room_for_so_many_and_no_more(most, most_bytes):
    outbox = Outbox(most, most_bytes)
    assert [outbox.put("x") for _ in range(3)] == [True, True, False]
    await outbox.take()
    assert outbox.put("x")


async def test_bytes_count_not_characters():
    outbox = Outbox(100, 4)
    assert [outbox.put("é") for _ in range(3)] == [True, True, False]
    await outbox.take()
    assert [outbox.put("x") for _ in range(3)] == [True, True, False]


async def test_whoever_takes_waits_for_a_message():
    outbox = Outbox(1)
    taking = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    outbox.put("x")
    assert (await asyncio.wait_for(taking, 1))[0] == "x"


async def test_whoever_replays_waits_until_half_of_it_is_free():
    outbox = Outbox(4)
    for _ in range(4):
        outbox.put("x")
    waiting = asyncio.create_task(outbox.ready())
    await outbox.take()
    await asyncio.sleep(0)
    assert not waiting.done()
    await outbox.take()
    await asyncio.wait_for(waiting, 1)
