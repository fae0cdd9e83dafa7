"""The topics of the market as every process follows them, on a real Kafka."""

import asyncio
import time
from datetime import timedelta

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from bench.servers import running
from local import jars
from local.kafka import Kafka
from local.ports import free_ports
from local.topics import Layout, create_topics
from orders.topics import Topics
from runtime.market import Listeners, follow_market
from runtime.silence import Silence
from tests.support.log import eventually
from tests.support.market import Heard, following, move, pool, tell, tick
from tests.support.servers import TEST_PARTITIONS

pytestmark = pytest.mark.integration


async def heard(listener, *wanted, within=30):
    deadline = time.monotonic() + within
    while listener.all != list(wanted):
        assert time.monotonic() < deadline, listener.all
        await asyncio.sleep(0.02)


async def test_pools_and_moves_are_told_from_the_start_and_prices_from_now_on(kafka, topics):
    old, first, second, moved, new = tick(), pool("1"), pool("2"), move(), tick("152")
    await tell(kafka, topics, old, first, second, moved)
    listener = Heard()
    async with following(kafka, topics, listener):
        pools = [one for one in listener.all if one != moved]
        assert (len(listener.all), pools) == (3, [first, second])
        listener.all.clear()
        await tell(kafka, topics, new)
        await heard(listener, new)


async def test_the_last_minutes_of_prices_are_told_after_the_pools(kafka, topics):
    ticks = [tick(str(price)) for price in range(150, 155)]
    await tell(kafka, topics, *ticks, added := pool())
    listener = Heard()
    async with following(kafka, topics, listener, timedelta(minutes=10)):
        await heard(listener, added, *ticks)


async def test_without_any_price_everything_is_told_from_the_first_one_on(kafka, topics):
    listener = Heard()
    async with following(kafka, topics, listener, timedelta(minutes=10)):
        await tell(kafka, topics, one := tick())
        await heard(listener, one)


async def test_prices_that_are_all_too_old_to_be_kept_hold_nobody_up(kafka, topics):
    await tell(kafka, topics, tick(), added := pool())
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topics.prices, 0): RecordsToDelete(1)})
    finally:
        await admin.close()
    listener = Heard()
    async with following(kafka, topics, listener, timedelta(minutes=10)):
        await tell(kafka, topics, new := tick("152"))
        await heard(listener, added, new)


async def test_what_cannot_be_read_is_left_out_and_said(kafka, topics, caplog):
    listener = Heard()
    async with following(kafka, topics, listener):
        await tell(kafka, topics, b"{}", one := tick())
        await heard(listener, one)
    assert [record.action for record in caplog.records] == ["market_unreadable"]


async def test_all_listeners_hear_the_same(kafka, topics):
    listeners = Heard(), Heard()
    async with following(kafka, topics, Listeners(*listeners)):
        for told in ([first := pool()], [first, second := move()], [first, second, tick()]):
            await tell(kafka, topics, told[-1])
            for listener in listeners:
                await heard(listener, *told)


async def test_prices_of_the_past_do_not_end_the_silence(kafka, topics):
    await tell(kafka, topics, old := tick())
    silence = Silence(time.monotonic, after=timedelta(0))
    began = silence._heard_at
    listener = Heard()
    async with following(kafka, topics, listener, timedelta(minutes=10), silence=silence):
        await heard(listener, old)
        assert silence._heard_at == began
        await tell(kafka, topics, new := tick())
        await heard(listener, old, new)
        assert silence._heard_at > began


@pytest.mark.timeout(120)
async def test_brokers_may_be_away_at_the_start_and_go_away_later(tmp_path, caplog):
    server = Kafka(tmp_path / "kafka", *free_ports(2), jars.fetch())
    server.prepare()
    topics, listener, known = Topics(), Heard(), asyncio.Event()

    async def away():
        actions = [getattr(record, "action", None) for record in caplog.records]
        return "market_away" in actions

    following = asyncio.create_task(
        follow_market(server.address, topics, listener, None, known=known)
    )
    try:
        await eventually(away)
        with running(server.program(tmp_path / "kafka.log")):
            await create_topics(server.address, topics, Layout(TEST_PARTITIONS))
            await tell(server.address, topics, first := pool())
            await asyncio.wait_for(known.wait(), 30)
            await tell(server.address, topics, second := tick())
            await heard(listener, first, second)
        with running(server.program(tmp_path / "kafka.log")):
            await tell(server.address, topics, third := tick("152"))
            await heard(listener, first, second, third)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
