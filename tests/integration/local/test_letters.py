"""Dead letters as the command line shows and redrives them, on a real log."""

import asyncio
import json
import os
import pty
import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from cli.main import app
from local import letters
from orders.admission import Flaw, admit
from orders.topics import partition_of
from orders.wire import encode
from projections.batch import Reading
from projections.dead_letters import DeadLetters
from runtime.appender import open_appender
from tests.support.builders import routed
from tests.support.log import placement, read_log
from tests.support.odd_clients import append_raw
from tests.support.servers import TEST_PARTITIONS

pytestmark = pytest.mark.integration


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


@pytest.fixture
def bench(kafka, topics):
    return Bench(kafka, topics)


def place_of(letter):
    return f"{letter['partition']}:{letter['offset']}"


def test_without_dead_letters_the_list_says_so(bench):
    assert "no dead letters" in bench.run("list").output


def test_each_record_is_listed_once_the_newest_first(bench):
    first = bench.append(0, b"k", b"not JSON")
    bench.note(times=2)
    second = bench.append(1, b"k", encode(new_order()))
    bench.note()
    listed = bench.listed()
    assert {place_of(letter) for letter in listed} == {first, second}
    assert len(listed) == 2
    assert [letter["at"] for letter in listed] == sorted(
        (letter["at"] for letter in listed), reverse=True
    )
    by_place = {place_of(letter): letter for letter in listed}
    assert by_place[first]["reason"] == Flaw.NOT_AN_EVENT
    assert by_place[first]["topic"] == bench.topics.events
    assert by_place[first]["size"] == len(b"k" + b"not JSON")
    assert by_place[second]["reason"] == Flaw.WRONG_KEY
    shown = bench.run("list").output
    assert all(words in shown for words in (first, second, "WRONG_KEY", "Invalid JSON"))


def test_the_list_is_as_long_as_one_wants_and_of_one_reason(bench, monkeypatch):
    monkeypatch.setattr(letters, "WINDOW", 3)
    places = [bench.append(0, b"k", b"poison") for _ in range(8)]
    wrong = bench.append(0, b"k", encode(new_order()))
    bench.note()
    assert [place_of(one) for one in bench.listed("--limit", "2")] == [wrong, places[-1]]
    assert [place_of(one) for one in bench.listed("--reason", "WRONG_KEY")] == [wrong]
    assert len(bench.listed()) == 9
    assert bench.listed("--reason", "NO_SUCH") == []


def test_one_is_shown_with_the_whole_record_however_long(bench):
    value = json.dumps({"a": "x" * 1_040_000}).encode()
    place = bench.append(2, b"\xff", value)
    bench.note()
    told = json.loads(bench.run("show", place, "--json").stdout)
    assert (told["reason"], told["value"], told["keyBase64"]) == (
        "NOT_AN_EVENT",
        value.decode(),
        "/w==",
    )
    assert told["size"] == len(value) + 1
    shown = bench.run("show", place).output
    assert '"a": "xxx' in shown
    assert "NOT_AN_EVENT: " in shown


def test_what_is_shown_cannot_move_the_cursor(bench):
    value = json.dumps({**json.loads(encode(new_order())), "\x1b[2J": 1}, ensure_ascii=True)
    place = bench.append(0, b"k", value.encode())
    bench.note()
    for arguments in (("list",), ("show", place)):
        assert "\x1b" not in bench.run(*arguments).output


@pytest.mark.parametrize("command", ["show", "redrive"])
@pytest.mark.parametrize("place", ["3:99", "99:3"])
def test_a_dead_letter_that_is_not_there_is_a_sentence(bench, command, place):
    told = bench.run(command, place)
    assert told.exit_code == 1
    assert f"There is no dead letter {place}" in told.output


def test_an_event_is_redriven_to_where_it_should_have_stood(bench):
    order = new_order()
    wrong_key = bench.append(home_of(order), b"k", encode(order))
    elsewhere = (home_of(order) + 1) % TEST_PARTITIONS
    route = routed(2, order_id=order.order_id, execution_id=f"{order.order_id}:1")
    wrong_partition = bench.append(elsewhere, order.order_id.encode(), encode(route))
    bench.note()
    assert bench.events() == []
    told = bench.run("redrive", wrong_partition, wrong_key, "--json")
    assert told.exit_code == 0, told.output
    steps = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(step["verdict"], step["type"], place_of(step)) for step in steps] == [
        ("redriven", "OrderPlaced", wrong_key),
        ("redriven", "OrderRouted", wrong_partition),
    ]
    assert bench.events() == [order, route]


def test_all_of_one_reason_are_redriven_at_once(bench):
    orders = [new_order() for _ in range(3)]
    for order in orders:
        bench.append(home_of(order), b"k", encode(order))
    bench.append(0, b"k", b"poison")
    bench.note()
    told = bench.run("redrive", "--reason", "WRONG_KEY")
    assert told.exit_code == 0, told.output
    assert sorted(map(encode, bench.events())) == sorted(map(encode, orders))
    assert "There is no such dead letter" in bench.run("redrive", "--reason", "NO_SUCH").output


@pytest.mark.parametrize(("answer", "code", "redriven"), [(b"n\n", 1, 0), (b"y\n", 0, 1)])
def test_on_a_terminal_it_asks_first(bench, answer, code, redriven):
    order = new_order()
    place = bench.append(home_of(order), b"k", encode(order))
    bench.note()
    terminal, theirs = pty.openpty()
    servers = ("--kafka", bench.kafka, "--topic-prefix", bench.topics.prefix)
    command = [sys.executable, "-m", "cli.main", "dead-letters", "redrive", place, *servers]
    with subprocess.Popen(command, stdin=theirs, stderr=subprocess.PIPE) as process:
        os.write(terminal, answer)
        _, told = process.communicate(timeout=30)
    os.close(terminal)
    os.close(theirs)
    assert process.returncode == code
    assert f"OrderPlaced v1 of order {order.order_id}".encode() in told
    assert b"Put 1 into the log again?" in told
    assert len(bench.events()) == redriven


def test_a_late_placement_and_what_is_no_event_are_refused(bench):
    late = new_order()
    late = late.model_copy(update={"not_after": late.occurred_at - timedelta(seconds=9)})
    places = [
        bench.append(home_of(late), late.order_id.encode(), encode(late)),
        bench.append(0, b"k", b"poison"),
    ]
    bench.note()
    told = bench.run("redrive", *places)
    assert told.exit_code == 1
    assert "void for ever" in told.output
    assert "it is no event" in told.output
    assert "2 of 2 cannot be redriven" in told.output
    assert bench.events() == []


@pytest.mark.parametrize(
    "arguments", [("redrive",), ("redrive", "1:1", "--reason", "X"), ("show", "one"), ("list", "x")]
)
def test_a_wrong_usage_is_told(bench, arguments):
    assert bench.run(*arguments).exit_code == 2


def test_a_kafka_that_is_not_there_is_a_sentence():
    told = CliRunner().invoke(app, ["dead-letters", "list", "--kafka", "127.0.0.1:9"])
    assert told.exit_code == 1
    assert "Kafka at 127.0.0.1:9 cannot be read" in told.output


def test_topics_that_are_not_there_are_a_sentence(kafka):
    arguments = ["dead-letters", "list", "--kafka", kafka, "--topic-prefix", "nobodys."]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 1
    assert "no topic nobodys.orders.dead-letter" in told.output
