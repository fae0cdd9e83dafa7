"""Dead letters put into the log again, by the command line, on a real log."""

import json
import os
import pty
import subprocess
import sys
from datetime import timedelta

import pytest
from msgspec.structs import replace

from orders.wire import encode
from tests.integration.local.lettered import home_of, new_order, place_of
from tests.support.builders import routed
from tests.support.servers import TEST_PARTITIONS

pytestmark = pytest.mark.integration


def test_an_event_is_redriven_to_where_it_should_have_stood(bench):
    order = new_order()
    wrong_key = bench.append(home_of(order), b"k", encode(order))
    elsewhere = (home_of(order) + 1) % TEST_PARTITIONS
    route = routed(2, order_id=order.order_id, execution_id=f"{order.order_id}:1")
    wrong_partition = bench.append(elsewhere, order.order_id.encode(), encode(route))
    bench.note()
    assert bench.events() == []
    told = bench.run("redrive", wrong_partition, wrong_key, "--blind", "--json")
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
    told = bench.run("redrive", "--reason", "WRONG_KEY", "--blind")
    assert told.exit_code == 0, told.output
    assert sorted(map(encode, bench.events())) == sorted(map(encode, orders))
    none = bench.run("redrive", "--reason", "LATE_PLACEMENT")
    assert "There is no such dead letter" in none.output


def test_without_tables_nothing_is_redriven_unless_blindly(bench):
    order = new_order()
    place = bench.append(home_of(order), b"k", encode(order))
    bench.note()
    for tables in ((), ("--database-url", "postgresql://me@127.0.0.1:9/engine")):
        told = bench.run("redrive", place, *tables)
        assert (told.exit_code, "--blind" in told.stderr) == (2, True)
    assert bench.events() == []
    told = bench.run("redrive", place, "--blind", "--json")
    assert (told.exit_code, json.loads(told.stdout)["verdict"]) == (0, "redriven")
    assert "Without the engine's tables" in told.stderr
    assert bench.events() == [order]


@pytest.mark.parametrize(("answer", "code", "redriven"), [(b"n\n", 1, 0), (b"y\n", 0, 1)])
def test_on_a_terminal_it_asks_first(bench, answer, code, redriven):
    order = new_order()
    place = bench.append(home_of(order), b"k", encode(order))
    bench.note()
    terminal, theirs = pty.openpty()
    servers = ("--kafka", bench.kafka, "--topic-prefix", bench.topics.prefix)
    command = [sys.executable, "-m", "cli.main", "dead-letters", "redrive", place, *servers]
    command.append("--blind")
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
    late = replace(late, not_after=late.occurred_at - timedelta(seconds=9))
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
