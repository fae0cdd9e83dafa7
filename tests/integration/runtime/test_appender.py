"""The appender on a real broker."""

from datetime import timedelta

import pytest

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
