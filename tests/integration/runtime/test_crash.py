"""Real processes really die at the points that are named, each point once."""

import asyncio
import os
import signal
import uuid

import httpx
import pytest
from msgspec.structs import replace

from local.ports import free_ports
from tests.support.audited import read_stories
from tests.support.builders import terms
from tests.support.copied import Copied
from tests.support.log import append, eventually, placement, read_events
from tests.support.servers import TEST_PARTITIONS, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

OF_THE_WORKER = ["before-append", "after-append", "before-execute", "after-execute"]
OF_RESOLVING = ["before-resolve", "after-resolve"]
ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}
BOTH_SIDES = ["before-append", "after-append"]


class Doomed:
    """A process that is started again and again, as a supervisor would."""

    def __init__(self, directory, environment, name, *module):
        self._directory = directory
        self._environment = {
            **environment,
            "ENGINE_CRASH_DIR": str(directory),
            "ENGINE_PROCESS": name,
            "ENGINE_GROUP_INSTANCE_ID": name,
        }
        self._name = name
        self._module = module
        self.process = None

    def start(self):
        self.process = Copied(*self._module, environment=self._environment)

    def name_points(self, *points):
        for point in points:
            (self._directory / f"{self._name}.{point}").touch()

    def named(self):
        return [file.name for file in self._directory.iterdir()]

    async def dies(self):
        """Start it; return when it has killed itself."""
        left = len(self.named())
        self.start()
        assert await asyncio.to_thread(self.process.wait, 60) == -signal.SIGKILL
        assert len(self.named()) == left - 1

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def doomed(kafka, database_url, chain_url, topic_prefix, topics, tmp_path):
    environment = {
        **os.environ,
        "ENGINE_KAFKA": kafka,
        "ENGINE_DATABASE_URL": database_url,
        "ENGINE_CHAIN_URL": chain_url,
        "ENGINE_TOPIC_PREFIX": topic_prefix,
        "ENGINE_PARTITIONS": str(TEST_PARTITIONS),
        "ENGINE_QUOTE_LATENCY_MS": "0",
        "ENGINE_EXECUTE_LATENCY_MS": "0",
        "ENGINE_FAULT_INJECTION": "true",
    }
    made = []

    def make(name, *module, **settings):
        made.append(Doomed(tmp_path, environment | settings, name, *module))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def place(kafka, topics):
    async def append_orders(count, *faults):
        orders = [placement(str(uuid.uuid4()), terms=terms(faults=faults)) for _ in range(count)]
        await append(kafka, topics.events, TEST_PARTITIONS, *orders)

    return append_orders


@pytest.fixture
def all_completed(kafka, topics):
    async def look():
        stories = await read_stories(kafka, topics.events)
        return stories and all(story.status == "completed" for story in stories.values())

    return look


async def test_a_stream_worker_dies_at_each_of_its_points(doomed, place, all_completed):
    worker = doomed("worker-1", "streams", "worker")
    await place(1, "lost-answer")
    points = OF_THE_WORKER + OF_RESOLVING
    worker.name_points(*points)
    for _ in points:
        await worker.dies()
    worker.start()
    await eventually(all_completed)
    assert worker.process.poll() is None


async def test_the_delays_worker_dies_at_each_of_its_points(doomed, place, all_completed):
    doomed("worker-1", "streams", "worker").start()
    delays = doomed("delays", "streams", "delays")
    await place(1, "glitch")
    delays.name_points(*BOTH_SIDES)
    for _ in BOTH_SIDES:
        await delays.dies()
    delays.start()
    await eventually(all_completed, 60)


async def test_a_projector_dies_at_each_of_its_points(doomed, place, kafka, topics):
    projector = doomed("projector-1", "projections")
    late = placement(str(uuid.uuid4()))
    void = replace(late, not_after=late.not_after.replace(year=2020))
    await append(kafka, topics.events, TEST_PARTITIONS, void)
    points = [*BOTH_SIDES, "before-commit", "after-commit"]
    projector.name_points(*points)
    for _ in points:
        await place(1)
        await projector.dies()


async def test_an_api_process_dies_before_or_after_it_appends(
    doomed, kafka, topics, tmp_path_factory
):
    ready = tmp_path_factory.mktemp("api") / "ready"
    [port] = free_ports(1)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        for point, appended in zip(BOTH_SIDES, [0, 1], strict=True):
            ready.unlink(missing_ok=True)
            api = doomed("api-1", "api", ENGINE_PORT=str(port), ENGINE_READY_FILE=str(ready))
            api.name_points(point)
            api.start()
            wait_until(ready.exists, what="the api serves")
            with pytest.raises(httpx.TransportError):
                await client.post("/api/orders/execute", json=ORDER)
            assert api.process.wait(20) == -signal.SIGKILL
            assert api.named() == []
            assert len(await read_events(kafka, topics.events, TEST_PARTITIONS)) == appended
