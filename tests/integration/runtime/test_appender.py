"""The appender on a real broker that does not take what it is sent."""

from datetime import timedelta

import pytest
from aiokafka import TopicPartition

from runtime.appender import NotAcknowledged, open_appender

pytestmark = pytest.mark.integration

PATIENCE = timedelta(seconds=5)


async def test_a_producer_that_the_broker_does_not_follow_any_more_is_replaced(kafka, topics):
    log = topics.events
    async with open_appender(kafka, PATIENCE) as appender:
        first = await appender.append(log, 0, b"key", b"first")
        # The broker will miss these numbers for ever.
        appender._producer._txn_manager.increment_sequence_number(TopicPartition(log, 0), 7)
        with pytest.raises(NotAcknowledged, match="OutOfOrderSequenceNumber"):
            await appender.append(log, 0, b"key", b"lost")
        second = await appender.append(log, 0, b"key", b"second")
    assert second.offset == first.offset + 1
