"""The projector's parts on this test's own tables, and whole projectors as processes."""

import os
import signal
import subprocess
import sys
import uuid
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from projections import schema
from projections.connection import connect
from projections.lease import Candidate
from projections.settings import ProjectorSettings
from projections.store import Store
from projections.tables import enter
from tests.integration.projections.tables import Tables
from tests.support.audited import assert_holds
from tests.support.builders import executed, routed
from tests.support.copied import Copied
from tests.support.log import append, placement
from tests.support.servers import TEST_PARTITIONS, new_database, wait_until


@pytest.fixture
def tables(database_url):
    return Tables(database_url)


@pytest.fixture
def empty_database(postgres):
    """Return a database without any table."""
    with new_database(postgres) as url:
        yield Tables(url)


@asynccontextmanager
async def taken_lease(url, lease=timedelta(seconds=30), partitions=TEST_PARTITIONS):
    """Open a connection that holds the lease."""
    milliseconds = lease // timedelta(milliseconds=1)
    settings = ProjectorSettings(
        database_url=url, process="test", projector_lease_ms=milliseconds, partitions=partitions
    )
    async with await connect(settings) as connection:
        await schema.ensure(connection, partitions)
        candidate = Candidate(connection, "test", lease)
        taken = await candidate.take(await candidate.look())
        assert taken is not None
        await enter(connection)
        yield connection, taken


@asynccontextmanager
async def opened_store(url, remembered=1000, **options):
    async with taken_lease(url, **options) as (connection, lease):
        yield await Store.open(connection, lease, remembered)
        await lease.release()


class Process:
    """One projector, or a command."""

    def __init__(self, environment, directory, name, *module):
        self.log_file = Path(directory) / f"{name}.log"
        self.ready_file = Path(directory) / f"{name}.ready"
        self.ready_file.unlink(missing_ok=True)
        own = {"ENGINE_PROCESS": name, "ENGINE_READY_FILE": str(self.ready_file)}
        variables = {**os.environ, **environment, **own}
        self.process = (
            self._command(*module, environment=variables)
            if module
            else Copied("projections", environment=variables, log=self.log_file)
        )

    def _command(self, *module, environment):
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *module], env=environment, stdout=log, stderr=log
            )

    @property
    def log(self):
        return self.log_file.read_text()

    def wait_until_ready(self):
        wait_until(lambda: self.process.poll() is not None or self.ready_file.exists())
        assert self.process.poll() is None, self.log

    def wait_until_said(self, words, timeout=20, times=1):
        wait_until(lambda: self.log.count(words) >= times, timeout, f"{words!r} in {self.log_file}")

    def send(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Stop it and return its exit code."""
        self.send(signal.SIGTERM)
        return self.process.wait(5)


@pytest.fixture
def environment(kafka, database_url, topics):
    """Return the variables of a projector on this test's own topics and tables."""
    return {
        "ENGINE_KAFKA": kafka,
        "ENGINE_DATABASE_URL": database_url,
        "ENGINE_TOPIC_PREFIX": topics.prefix,
        "ENGINE_PARTITIONS": str(TEST_PARTITIONS),
    }


@pytest.fixture
def start(tmp_path):
    """Return what starts a projector; all that still run are ended after the test."""
    started = []

    def start_with(environment, name="projector-1", *module, ready=True, **settings):
        started.append(Process({**environment, **settings}, tmp_path, name, *module))
        if ready:
            started[-1].wait_until_ready()
        return started[-1]

    yield start_with
    for process in started:
        process.send(signal.SIGCONT)
        process.kill()


def lives(count):
    """Return the events of so many orders that were executed, interleaved."""
    ids = [str(uuid.uuid4()) for _ in range(count)]
    return [
        *[placement(order_id) for order_id in ids],
        *[routed(2, order_id=order_id, execution_id=f"{order_id}:1") for order_id in ids],
        *[executed(3, order_id=order_id) for order_id in ids],
    ]


@pytest.fixture
def log(kafka, topics):
    """Return this test's log."""
    return Log(kafka, topics)


class Log:
    """The log of one test, written and read by clients of its own."""

    def __init__(self, kafka, topics):
        self._kafka = kafka
        self._topics = topics

    async def append(self, *events):
        await append(self._kafka, self._topics.events, TEST_PARTITIONS, *events)

    async def append_records(self, *records):
        """Append (partition, key, value) as they are."""
        async with AIOKafkaProducer(bootstrap_servers=self._kafka, acks="all") as producer:
            for partition, key, value in records:
                await producer.send_and_wait(self._topics.events, value, key, partition)

    async def dead_letters(self):
        """Return the records of the dead-letter topic, with their headers."""
        places = [TopicPartition(self._topics.dead_letter, n) for n in range(TEST_PARTITIONS)]
        async with AIOKafkaConsumer(bootstrap_servers=self._kafka) as consumer:
            consumer.assign(places)
            await consumer.seek_to_beginning()
            wanted = sum((await consumer.end_offsets(places)).values())
            return [await consumer.getone() for _ in range(wanted)]

    async def assert_told_by(self, tables):
        """Fail unless the tables tell what the log tells, to its end; return the report."""
        report = await assert_holds(self._kafka, self._topics.events, tables.url)
        assert report.figures.lag == 0
        tables.assert_counts_agree()
        tables.assert_labels_agree()
        return report
