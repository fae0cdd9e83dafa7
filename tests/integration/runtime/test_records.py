"""Whatever clients wrote to a real log, it is read on, and every offset is accounted for."""

from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import MessageSizeTooLargeError, OffsetOutOfRangeError

from runtime.headers import tolerate_any_names
from runtime.records import poll
from tests.support.odd_clients import append_in_transaction, append_raw, append_with_odd_header

pytestmark = pytest.mark.integration

PATIENCE = timedelta(seconds=2)


@pytest.fixture
def place(kafka, topics):
    return kafka, topics.events, 0


@asynccontextmanager
async def reader(place, offset=0):
    kafka, *where = place
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="none"
    )
    async with consumer:
        consumer.assign([TopicPartition(*where)])
        consumer.seek(TopicPartition(*where), offset)
        yield consumer


async def read(place, count, most=100):
    """Return so many records as (offset, value), markers as (offset, None)."""
    records = []
    async with reader(place) as consumer:
        while len(records) < count:
            found = await poll(consumer, PATIENCE, most)
            assert found
            records += found
    assert all(record.marker == (record.value is None) for record in records)
    return [(record.offset, record.value) for record in records]


@pytest.mark.parametrize("most", [1, 100])
async def test_the_markers_of_transactions_are_told(place, most):
    await append_raw(*place, b"k", b"a")
    await append_in_transaction(*place, (b"k", b"b"), (b"k", b"c"))
    await append_in_transaction(*place, (b"k", b"d"), commit=False)
    await append_raw(*place, b"k", b"e")
    await append_in_transaction(*place, (b"k", b"f"))
    assert await read(place, 9, most) == [
        (0, b"a"),
        *((1, b"b"), (2, b"c"), (3, None)),
        *((4, b"d"), (5, None)),
        (6, b"e"),
        *((7, b"f"), (8, None)),
    ]


async def test_an_offset_that_the_log_does_not_have_is_an_error(place):
    await append_raw(*place, b"k", b"a")
    async with reader(place, offset=7) as consumer:
        with pytest.raises(OffsetOutOfRangeError):
            await poll(consumer, PATIENCE, 100)


@pytest.mark.parametrize("most", [1, 100])
async def test_names_of_headers_that_are_no_text_hold_nobody_up(place, most):
    tolerate_any_names()
    for value in (b"a", b"b", b"c"):
        await append_raw(*place, b"k", value)
    for value in (b"d", b"e"):
        await append_with_odd_header(*place, b"k", value)
    await append_raw(*place, b"k", b"f")
    assert await read(place, 6, most) == [(n, b"abcdef"[n : n + 1]) for n in range(6)]


async def test_what_a_client_compresses_is_kept_as_it_was(place):
    await append_raw(*place, b"k", b"a" * 100_000, compression_type="gzip")
    kept = []

    class Seen(fetcher.MemoryRecords):
        def next_batch(self):
            batch = super().next_batch()
            kept.append(batch.compression_type)
            return batch

    before, fetcher.MemoryRecords = fetcher.MemoryRecords, Seen
    try:
        assert await read(place, 1) == [(0, b"a" * 100_000)]
    finally:
        fetcher.MemoryRecords = before
    assert kept == [0]


async def test_what_only_compression_makes_small_enough_is_refused(place):
    bomb, limits = b"a" * 5_000_000, {"max_request_size": 10_000_000}
    with pytest.raises(MessageSizeTooLargeError):
        await append_raw(*place, b"k", bomb, compression_type="gzip", **limits)
    with pytest.raises(MessageSizeTooLargeError):
        await append_raw(*place, b"k", b"a" * 1024 * 1024, **limits)
    assert await append_raw(*place, b"k", b"a" * (1024 * 1024 - 100)) == 0
