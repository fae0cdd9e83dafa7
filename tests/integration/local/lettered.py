"""The topics of one test, the dead letters in them and the commands that look at them."""

import asyncio
import json
import uuid
from datetime import timedelta

from typer.testing import CliRunner

from cli.main import app
from orders.admission import admit
from orders.topics import partition_of
from projections.batch import Reading
from projections.dead_letters import DeadLetters
from runtime.appender import open_appender
from tests.support.log import placement, read_log
from tests.support.odd_clients import append_raw
from tests.support.servers import TEST_PARTITIONS


def new_order():
    return placement(str(uuid.uuid4()))


def home_of(event):
    return partition_of(event.order_id, TEST_PARTITIONS)


class Bench:
    """The topics of one test and the commands that look at them."""

    def __init__(self, kafka, topics):
        self.kafka = kafka
        self.topics = topics

    def append(self, partition, key, value):
        """Append a record and return its place as people write it."""
        where = self.kafka, self.topics.events, partition
        return f"{partition}:{asyncio.run(append_raw(*where, key, value))}"

    def note(self, times=1):
        """Do what the projector does with what is not admitted, so many times."""
        asyncio.run(self._note(times))

    async def _note(self, times):
        log = await read_log(self.kafka, self.topics.events, TEST_PARTITIONS)
        readings = [Reading(record, admit(record, TEST_PARTITIONS)) for record in log]
        async with open_appender(self.kafka, timedelta(seconds=10)) as appender:
            for _ in range(times):
                await DeadLetters(appender, self.topics).send(readings)

    def events(self):
        log = asyncio.run(read_log(self.kafka, self.topics.events, TEST_PARTITIONS))
        verdicts = [admit(record, TEST_PARTITIONS) for record in log]
        return [verdict for verdict in verdicts if not hasattr(verdict, "flaw")]

    def run(self, *arguments, **options):
        servers = ("--kafka", self.kafka, "--topic-prefix", self.topics.prefix)
        return CliRunner().invoke(
            app, ["dead-letters", *arguments, *servers], env={"COLUMNS": "200"}, **options
        )

    def listed(self, *arguments):
        told = self.run("list", "--json", *arguments)
        assert told.exit_code == 0, told.output
        return [json.loads(line) for line in told.stdout.splitlines()]


def place_of(letter):
    return f"{letter['partition']}:{letter['offset']}"
