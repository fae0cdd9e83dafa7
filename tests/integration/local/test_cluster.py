"""Three brokers as processes: they form a cluster, lose one, stop in time, keep what they had."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from local import cluster, jars
from local.child import State
from local.console import Console
from local.ports import free_ports
from local.stopping import StopRequest
from local.supervisor import Supervisor, Tier
from local.topics import Layout, create_topics
from orders.topics import Topics
from tests.support.servers import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

LOG = Topics().events


@pytest.fixture
def started(tmp_path):
    """Return what starts three brokers on the data of the last time, on ports of their own."""

    @contextmanager
    def start() -> Iterator[tuple[str, Supervisor]]:
        names = cluster.port_names(3)
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        three = cluster.in_directory(tmp_path / "kafka", ports, 3, jars.fetch())
        three.prepare()
        console = Console(tmp_path / "engine.log", as_json=False)
        supervisor = Supervisor(console, StopRequest(), lambda _children: None)
        try:
            programs = [node.program(tmp_path / f"{node.name}.log") for node in three.nodes]
            supervisor.start([Tier(programs)])
            yield three.bootstrap, supervisor
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


async def test_one_of_three_brokers_is_killed_and_comes_back_and_nothing_is_lost(started):
    with started() as (bootstrap, supervisor):
        await create_topics(bootstrap, Topics(), Layout(partitions=3, replication=3))
        await append(bootstrap, b"before")
        victim = supervisor.children[1]
        os.kill(victim.pid, signal.SIGKILL)
        await append(bootstrap, b"meanwhile")

        def is_back():
            supervisor._look()
            return victim.restarts == 1 and victim.state is State.READY

        wait_until(is_back, timeout=60, what="the killed broker is back")
        await append(bootstrap, b"after")
    with started() as (bootstrap, _):
        assert await read(bootstrap, 3) == [b"before", b"meanwhile", b"after"]
