"""Three brokers as processes: they form a cluster, stop in time, keep what they had."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from local import cluster, jars
from local.console import Console
from local.ports import free_ports
from local.stopping import StopRequest
from local.supervisor import Supervisor, Tier
from local.topics import Layout, create_topics
from orders.topics import Topics

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

LOG = Topics().events


@pytest.fixture
def started(tmp_path):
    """Return what starts three brokers on the data of the last time, on ports of their own."""

    @contextmanager
    def start() -> Iterator[str]:
        names = cluster.port_names(3)
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        three = cluster.in_directory(tmp_path / "kafka", ports, 3, jars.fetch())
        three.prepare()
        console = Console(tmp_path / "engine.log", as_json=False)
        supervisor = Supervisor(console, StopRequest(), lambda _children: None)
        try:
            programs = [node.program(tmp_path / f"{node.name}.log") for node in three.nodes]
            supervisor.start([Tier(programs)])
            yield three.bootstrap
        finally:
            began = time.monotonic()
            supervisor.stop()
            assert time.monotonic() - began < 10

    return start


async def append(bootstrap, value):
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await producer.send_and_wait(LOG, value, partition=0)


async def read(bootstrap, count):
    async with AIOKafkaConsumer(
        LOG, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def test_what_three_brokers_hold_is_there_when_they_start_on_other_ports(started):
    with started() as bootstrap:
        await create_topics(bootstrap, Topics(), Layout(partitions=3, replication=3))
        await append(bootstrap, b"kept")
    with started() as bootstrap:
        assert await read(bootstrap, 1) == [b"kept"]
        await append(bootstrap, b"more")
        assert await read(bootstrap, 2) == [b"kept", b"more"]
