"""`engine events export`: every record once, however often it is killed."""

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from aiokafka import AIOKafkaProducer

from audit.state import alone
from orders.wire import encode
from tests.integration.audit.world import create_timed_topic, routed
from tests.support import builders
from tests.support.servers import TEST_PARTITIONS, wait_until

pytestmark = pytest.mark.integration

FORMATS = ("jsonl", "csv", "parquet")
MANY = 30_000
CHECKPOINT = 1_000


def held(out, form):
    """Return partition, offset and value of every record in an export, as it is there."""
    match form:
        case "jsonl":
            lines = [json.loads(line) for line in out.read_text().splitlines()]
            return [(one["partition"], one["offset"], one.get("value")) for one in lines]
        case "csv":
            with out.open(newline="") as file:
                rows = list(csv.DictReader(file))
            return [(int(one["partition"]), int(one["offset"]), one["value"]) for one in rows]
        case _:
            rows = [
                row for part in sorted(out.iterdir()) for row in pq.read_table(part).to_pylist()
            ]
            return [(one["partition"], one["offset"], one["value"]) for one in rows]


@pytest.fixture
def some(world):
    """Return what tells a life that is interleaved with another, and what is no event."""

    async def tell():
        one, other = world.id_in(0), world.id_in(3)
        await world.tell((0, world.placed(one)), (0.5, world.placed(other)), (1, routed(one)))
        await world.append((1, b"k", b'not, JSON\n"', 2), (2, None, b"\xff\xfe", 3))
        return one, other

    return tell


@pytest.mark.parametrize("form", FORMATS)
async def test_each_record_is_there_once_and_a_later_run_adds_what_is_new(
    world, some, tmp_path, form
):
    out = tmp_path / "log"
    await some()
    told = await world.run("events", "export", "--format", form, "--out", out)
    assert (told.exit_code, told.output) == (0, f"{out} holds 5 records, the log to its end\n")
    places = [(0, 0), (3, 0), (0, 1), (1, 0), (2, 0)]
    assert [place[:2] for place in held(out, form)] == places
    again = await world.run("events", "export", "--format", form, "--out", out)
    assert again.output == told.output
    assert [place[:2] for place in held(out, form)] == places
    await some()
    later = await world.run("events", "export", "--format", form, "--out", out)
    assert "holds 10 records" in later.output
    assert len({place[:2] for place in held(out, form)}) == len(held(out, form)) == 10


async def test_the_columns_of_a_table(world, some, tmp_path):
    one, _ = await some()
    for form in ("csv", "parquet"):
        await world.run("events", "export", "--format", form, "--out", tmp_path / form)
    [part] = (tmp_path / "parquet").iterdir()
    rows = pq.read_table(part).to_pylist()
    with (tmp_path / "csv").open(newline="") as file:
        texts = list(csv.DictReader(file))
    assert [*texts[0]] == [*rows[0]]
    placed, text = rows[0], texts[0]
    assert (placed["order_id"], placed["type"], placed["version"]) == (one, "OrderPlaced", 1)
    assert (placed["admitted"], placed["flaw"], text["admitted"]) == (True, None, "true")
    assert placed["appended_at"] == world.at(0)
    assert datetime.fromisoformat(text["appended_at"]) == world.at(0)
    assert json.loads(placed["value"]) == json.loads(text["value"])
    assert (rows[3]["flaw"], rows[3]["value"]) == ("NOT_AN_EVENT", 'not, JSON\n"')
    assert texts[3]["value"] == 'not, JSON\n"'
    assert (rows[4]["value"], rows[4]["value_base64"], rows[4]["key"]) == (None, "//4=", None)


@pytest.fixture
async def long_log(kafka, topic_prefix):
    """Return the environment of a command on a long log; half of the records are no events."""
    topic = f"{topic_prefix}orders.events"
    await create_timed_topic(kafka, topic)
    order_id = "0d5e9c1a-0000-4000-8000-000000000001"
    event = encode(builders.failed(2, order_id=order_id))
    now = int(datetime.now(UTC).timestamp() * 1000)
    async with AIOKafkaProducer(bootstrap_servers=kafka, linger_ms=20) as producer:
        for number in range(MANY):
            value = event if number % 2 else b"record %d" % number
            key = order_id.encode() if number % 2 else None
            await producer.send(topic, value, key, number % TEST_PARTITIONS, now + number)
        await producer.flush()
    packages = os.pathsep.join(path for path in sys.path if path)
    return {"ENGINE_KAFKA": kafka, "ENGINE_TOPIC_PREFIX": topic_prefix, "PYTHONPATH": packages}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("form", FORMATS)
async def test_killed_half_way_and_run_again_it_holds_each_record_once(long_log, tmp_path, form):
    out = tmp_path / "log"
    kills = 0
    for goal in (1, MANY // 3, 2 * MANY // 3, MANY):
        kills += await asyncio.to_thread(run_until, long_log, out, form, goal)
    assert kills >= 2
    counted = Counter(place[:2] for place in held(out, form))
    per_partition = MANY // TEST_PARTITIONS
    assert set(counted.values()) == {1}
    assert counted.keys() == {
        (number, offset) for number in range(TEST_PARTITIONS) for offset in range(per_partition)
    }
    told = {value for _, _, value in held(out, form) if value and value[0] == "r"}
    assert told == {f"record {number}" for number in range(0, MANY, 2)}


def run_until(environment, out, form, goal):
    """Run an export and kill it when it has so many records; return whether it was killed."""
    arguments = ["--format", form, "--out", str(out), "--checkpoint", str(CHECKPOINT)]
    command = [sys.executable, "-m", "cli.main", "events", "export", *arguments]
    with subprocess.Popen(command, env={**os.environ, **environment}) as process:
        if goal < MANY:
            wait_until(lambda: process.poll() is not None or records(out) >= goal, 60)
            process.send_signal(signal.SIGKILL)
        code = process.wait(60)
    assert code in {0, -signal.SIGKILL}
    return code != 0


def records(out):
    state = out.with_name("log.state.json")
    return json.loads(state.read_text())["records"] if state.exists() else 0


async def test_what_was_written_in_vain_is_cut_off(world, some, tmp_path):
    for form in ("jsonl", "csv"):
        out = tmp_path / form
        await some()
        await world.run("events", "export", "--format", form, "--out", out)
        whole = out.read_bytes()
        out.write_bytes(whole + b'{"partition":0,"off')
        await world.run("events", "export", "--format", form, "--out", out)
        assert out.read_bytes() == whole


async def test_a_part_written_in_vain_is_removed(world, some, tmp_path):
    await some()
    out = tmp_path / "log"
    await world.run("events", "export", "--format", "parquet", "--out", out)
    (out / "part-000001.parquet").write_bytes(b"half a pa")
    (out / "part-000001.new").write_bytes(b"ha")
    await world.run("events", "export", "--format", "parquet", "--out", out)
    assert [file.name for file in out.iterdir()] == ["part-000000.parquet"]


async def test_fresh_begins_anew(world, some, tmp_path):
    out = tmp_path / "log"
    await some()
    await world.run("events", "export", "--format", "parquet", "--out", out)
    told = await world.run("events", "export", "--format", "parquet", "--out", out, "--fresh")
    assert (told.exit_code, len(held(out, "parquet"))) == (0, 5)


async def test_what_is_there_already_is_left_alone(world, some, tmp_path):
    await some()
    out = tmp_path / "mine.txt"
    out.write_text("mine")
    told = await world.run("events", "export", "--out", out, "--fresh")
    assert (told.exit_code, out.read_text()) == (2, "mine")
    assert "is there already and no export" in told.output
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    told = await world.run("events", "export", "--format", "parquet", "--out", tmp_path / "folder")
    assert told.exit_code == 2


async def test_an_export_of_something_else_is_a_sentence(world, some, tmp_path):
    await some()
    out = tmp_path / "log"
    export = ("events", "export", "--out", out)
    await world.run(*export)
    assert "begin anew with --fresh" in (await world.run(*export, "--format", "csv")).output
    state = tmp_path / "log.state.json"
    state.write_text(state.read_text().replace('"following":[2', '"following":[99'))
    assert "it is another log" in (await world.run(*export)).output
    state.write_text("{}")
    assert "is no state of an export" in (await world.run(*export)).output
    told = await world.run("events", "export", "--out", tmp_path / "missing" / "log")
    assert (told.exit_code, "there is no folder" in told.output) == (2, True)


async def test_output_that_was_tampered_with_is_a_sentence(world, some, tmp_path):
    await some()
    out = tmp_path / "log"
    await world.run("events", "export", "--out", out)
    out.write_bytes(out.read_bytes()[:-1])
    told = await world.run("events", "export", "--out", out)
    assert (told.exit_code, "is shorter than what was exported" in told.output) == (2, True)


async def test_two_at_once_are_not_let(world, some, tmp_path):
    await some()
    out = tmp_path / "log"
    out.touch()
    with alone(out):
        told = await world.run("events", "export", "--out", out)
    assert (told.exit_code, "Another export is at work" in told.output) == (2, True)
