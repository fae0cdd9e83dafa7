"""`engine events export`, killed at any moment and run again."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from aiokafka import AIOKafkaProducer

from orders.wire import encode
from tests.integration.audit.exported import FORMATS, held
from tests.integration.audit.world import create_timed_topic
from tests.support import builders
from tests.support.servers import TEST_PARTITIONS, wait_until

pytestmark = pytest.mark.integration

MANY = 16_000
CHECKPOINT = 500


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
