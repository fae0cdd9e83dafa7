"""The appender on a real broker."""

from datetime import timedelta

import pytest
from aiokafka import TopicPartition

from runtime.appender import NotAcknowledged, open_appender

pytestmark = pytest.mark.integration


async def test_a_record_that_is_too_large_is_refused_and_costs_nobody_the_producer(kafka, topics):
    async with open_appender(kafka, timedelta(seconds=10)) as appender:
        await appender.append(topics.events, 0, b"k", b"v")
        producer = appender._producer
        with pytest.raises(NotAcknowledged, match="TooLarge"):
            await appender.append(topics.events, 0, b"k", b"v" * 1024 * 1024)
        assert (await appender.append(topics.events, 0, b"k", b"v")).offset == 1
        assert appender._producer is producer


async def test_a_producer_that_met_a_fatal_error_is_replaced(kafka, topics):
    async with open_appender(kafka, timedelta(seconds=10)) as appender:
        await appender.append(topics.events, 0, b"k", b"v")
        broken = appender._producer
        # To the broker it now looks as if records of this producer were lost on their way.
        broken._txn_manager.increment_sequence_number(TopicPartition(topics.events, 0), 7)
        with pytest.raises(NotAcknowledged, match="OutOfOrderSequence"):
            await appender.append(topics.events, 0, b"k", b"v")
        assert (await appender.append(topics.events, 0, b"k", b"v")).offset == 1
        assert appender._producer is not broken
