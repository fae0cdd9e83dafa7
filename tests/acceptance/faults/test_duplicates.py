"""Everything that was delivered once is delivered again."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from orders.topics import Topics
from tests.support.arena import Arena
from tests.support.log import read_log
from tests.support.servers import TEST_PARTITIONS, wait_until
from tests.support.truth import assert_word_kept, have_ended, log_of, superseded

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


def test_what_the_log_and_the_delays_hold_is_appended_a_second_time(arena, crowd):
    crowd.place(40)
    asyncio.run(append_again(arena, log_of(arena)))
    wait_until(lambda: have_ended(arena, crowd.accepted), 60)
    for topic in (log_of(arena), *topics_of_the_delays(arena)):
        asyncio.run(append_again(arena, topic))
    crowd.place(20)
    assert_word_kept(arena, crowd)


def test_offsets_of_the_log_are_rewound_while_workers_run(arena, crowd):
    crowd.place(40)
    asyncio.run(rewind_from_within(arena, "streams", [log_of(arena)]))
    crowd.place(20)
    assert_word_kept(arena, crowd)


def test_offsets_of_the_delays_are_rewound_while_retries_wait(arena, crowd):
    crowd.place(40)
    wait_until(lambda: have_ended(arena, crowd.accepted), 60)
    before = superseded(arena)
    crowd.place(20)
    asyncio.run(rewind_from_within(arena, "delays", topics_of_the_delays(arena)))
    wait_until(lambda: superseded(arena) > before, 60, "a wait was ended a second time")
    assert_word_kept(arena, crowd)


def topics_of_the_delays(arena: Arena) -> list[str]:
    return list(Topics(arena.topic_prefix).retries.values())


async def append_again(arena: Arena, topic: str) -> None:
    """Append every record of the topic to it once more, byte for byte."""
    async with AIOKafkaProducer(bootstrap_servers=arena.kafka, acks="all") as producer:
        for record in await read_log(arena.kafka, topic, TEST_PARTITIONS):
            await producer.send(topic, record.value, record.key, record.partition)
        await producer.flush()


async def rewind_from_within(arena: Arena, group: str, topics: list[str]) -> None:
    """Join the group, commit offset 0 of each partition that it gives, and leave it again."""
    async with AIOKafkaConsumer(
        *topics,
        bootstrap_servers=arena.kafka,
        group_id=f"{arena.topic_prefix}{group}",
        enable_auto_commit=False,
    ) as member:
        async with asyncio.timeout(60):
            while not member.assignment():
                await member.getmany(timeout_ms=200)
        assert member.assignment()
        await member.commit(dict.fromkeys(member.assignment(), 0))
