"""The log as the agents get it, a fetch at a time or record by record: to the orders it is one."""

import asyncio
from collections import Counter, defaultdict

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from orders.events import OrderExecuted
from streams import bundles
from streams.app import create_app, records_of
from streams.bundles import read_in_bundles
from streams.settings import StreamSettings
from streams.worker import _running
from tests.support.log import eventually, placements
from tests.support.servers import TEST_PARTITIONS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

EACH_WAY = pytest.mark.parametrize("bundled", ["true", "false"])


@EACH_WAY
async def test_every_order_is_executed_once_while_workers_come_and_go(run, log, bundled):
    first = run("worker", ENGINE_BUNDLED_READS=bundled)
    await log.append(*placements(150))
    await eventually(log.all_ended)
    second = run("worker", ENGINE_BUNDLED_READS=bundled)
    await log.append(*placements(150))
    await eventually(log.all_ended)
    await log.append(*placements(50))
    first.terminate()
    assert await asyncio.to_thread(first.wait, 10) == 0
    await log.append(*placements(50))
    assert len(await eventually(log.all_ended, 60)) == 400
    kinds = Counter(type(event) for event in await log.events())
    assert kinds[OrderExecuted] == 400
    second.terminate()
    assert await asyncio.to_thread(second.wait, 10) == 0


@EACH_WAY
async def test_a_worker_that_stops_has_committed_all_it_has_read(
    run, log, kafka, topics, topic_prefix, bundled
):
    worker = run("worker", ENGINE_BUNDLED_READS=bundled)
    await log.append(*placements(40))
    await eventually(log.all_ended)
    places = [TopicPartition(topics.events, number) for number in range(TEST_PARTITIONS)]
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka, group_id=f"{topic_prefix}streams", enable_auto_commit=False
    ) as consumer:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)

        async def committed():
            return {place: await consumer.committed(place) or 0 for place in places} == ends

        await eventually(committed)
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, 10) == 0


async def test_more_than_the_buffer_holds_waits_in_kafka_and_comes_in_sequence(
    kafka, topics, topic_prefix, tmp_path, monkeypatch
):
    monkeypatch.setattr(bundles, "MOST_BUFFERED", 4)
    settings = StreamSettings(kafka=kafka, topic_prefix=topic_prefix, partitions=TEST_PARTITIONS)
    app = create_app(settings, "bundles", str(tmp_path))
    app.conf.broker_max_poll_records = 2
    read_in_bundles(app)
    gate, read, buffers = asyncio.Event(), defaultdict(list), []

    @app.agent(app.topic(topics.events), concurrency=1)
    async def slow(stream):
        buffers.append(stream.channel.queue)
        async for event in stream.events():
            await gate.wait()
            for record in records_of(event):
                read[record.partition].append((record.offset, record.value))

    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer, _running(app):
        for number in range(100):
            for partition in range(TEST_PARTITIONS):
                await producer.send(topics.events, b"%d" % number, partition=partition)
            # Each on its own, so that it is a bundle of its own if it is fetched at once.
            await producer.flush()

        async def full():
            return any(buffer.full() for buffer in buffers)

        await eventually(full)
        left_out = vars(app.consumer)["_buffered_partitions"]
        assert not left_out
        gate.set()

        async def all_read():
            return all(len(read[partition]) == 100 for partition in range(TEST_PARTITIONS))

        await eventually(all_read)
    whole = [(number, b"%d" % number) for number in range(100)]
    assert [read[partition] for partition in range(TEST_PARTITIONS)] == [whole] * TEST_PARTITIONS
