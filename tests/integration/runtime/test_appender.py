"""The appender on a real broker."""

import asyncio
from datetime import timedelta

import pytest
from aiokafka import TopicPartition

from runtime.appender import NotAcknowledged, open_appender
from tests.support.log import read_log
from tests.support.servers import TEST_PARTITIONS

pytestmark = pytest.mark.integration


async def test_a_record_that_is_too_large_is_refused_and_costs_nobody_the_producer(kafka, topics):
    async with open_appender(kafka, timedelta(seconds=10)) as appender:
        await appender.append(topics.events, 0, b"k", b"v")
        producer = appender._producers.current
        with pytest.raises(NotAcknowledged, match="TooLarge"):
            await appender.append(topics.events, 0, b"k", b"v" * 1024 * 1024)
        assert (await appender.append(topics.events, 0, b"k", b"v")).offset == 1
        assert appender._producers.current is producer


async def test_a_producer_that_met_a_fatal_error_is_replaced(kafka, topics):
    async with open_appender(kafka, timedelta(seconds=10)) as appender:
        await appender.append(topics.events, 0, b"k", b"v")
        broken = appender._producers.current
        # To the broker it now looks as if records of this producer were lost on their way.
        broken._txn_manager.increment_sequence_number(TopicPartition(topics.events, 0), 7)
        with pytest.raises(NotAcknowledged, match="OutOfOrderSequence"):
            await appender.append(topics.events, 0, b"k", b"v")
        assert (await appender.append(topics.events, 0, b"k", b"v")).offset == 1
        assert appender._producers.current is not broken


async def test_what_comes_together_stands_in_sequence_however_many_batches_it_takes(kafka, topics):
    async with open_appender(kafka, timedelta(seconds=10)) as appender:
        values = [b"%d " % number * 3_000 for number in range(100)]
        appended = await asyncio.gather(
            *(appender.append(topics.events, 0, b"k", value) for value in values)
        )
    assert [one.offset for one in appended] == list(range(100))
    records = await read_log(kafka, topics.events, TEST_PARTITIONS)
    assert [record.value for record in records] == values
    assert [record.appended_at for record in records] == [one.appended_at for one in appended]


async def test_who_gives_up_keeps_no_other_from_being_told(kafka, topics):
    async with open_appender(kafka, timedelta(seconds=10)) as appender:
        first, second = (appender.append(topics.events, 0, b"k", value) for value in (b"1", b"2"))
        first.cancel()
        await second
    [record] = await read_log(kafka, topics.events, TEST_PARTITIONS)
    assert record.value == b"2"


async def test_what_waits_when_it_is_closed_is_sent_and_no_producer_is_left(kafka, topics):
    async with open_appender(kafka, timedelta(seconds=10)) as appender:
        await appender.append(topics.events, 0, b"k", b"first")
        told = [appender.append(topics.events, place, b"k", b"last") for place in (0, 1, 0)]
    assert [one.result().offset for one in told] == [1, 0, 2]
    await asyncio.sleep(0.05)
    assert appender._producers.current is None


async def test_what_no_broker_takes_keeps_nobody_from_closing():
    async with open_appender("127.0.0.1:1", timedelta(seconds=20)) as appender:
        told = appender.append("nowhere", 0, b"k", b"v")
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 7
    with pytest.raises(NotAcknowledged):
        await told


async def test_an_acknowledgement_that_takes_too_long_is_told_to_all_who_wait_for_it(kafka, topics):
    async with open_appender(kafka, timedelta(seconds=1)) as appender:
        await appender.append(topics.events, 0, b"k", b"v")
        # As while an earlier batch of the partition is under way to a broker that hangs.
        muted, buffer = (
            appender._producers.current._sender._muted_partitions,
            appender._producers.current._message_accumulator,
        )
        muted.add(TopicPartition(topics.events, 0))
        late = [appender.append(topics.events, 0, b"k", b"late") for _ in range(3)]
        for one in late:
            with pytest.raises(NotAcknowledged, match="no acknowledgement within"):
                await one
        muted.clear()
        buffer._wakeup(buffer.waiter())
        # What was sent may still come into the log, and does so before what is sent after it.
        assert (await appender.append(topics.events, 0, b"k", b"v")).offset == 4


async def test_without_a_broker_each_is_told_in_time_and_it_closes_soon():
    async with open_appender("127.0.0.1:1", timedelta(seconds=1)) as appender:
        with pytest.raises(NotAcknowledged):
            await appender.append("nowhere", 0, b"k", b"v")
        waiting = appender.append("nowhere", 0, b"k", b"v")
    with pytest.raises(NotAcknowledged):
        await waiting
