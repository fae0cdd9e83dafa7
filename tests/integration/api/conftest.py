"""API processes and a projector on the session's real Kafka and PostgreSQL, topics of their own."""

import os
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
from msgspec.structs import replace

from api.app import create_app
from api.parts import Sources
from api.settings import ApiSettings
from local.ports import free_ports
from tests.support.api import serving
from tests.support.copied import Copied
from tests.support.log import append
from tests.support.servers import TEST_PARTITIONS, wait_until


@dataclass
class Running:
    """A process that serves the API."""

    process: Copied
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


@pytest.fixture
def environment(kafka, database_url, topic_prefix, topics):
    return {
        **os.environ,
        "ENGINE_KAFKA": kafka,
        "ENGINE_DATABASE_URL": database_url,
        "ENGINE_TOPIC_PREFIX": topic_prefix,
        "ENGINE_PARTITIONS": str(TEST_PARTITIONS),
    }


@pytest.fixture
def spawn(environment, start_module):
    """Start a module as a process; it is ended after the test."""

    def start(module, **settings):
        variables = {**environment, "ENGINE_PROCESS": module, **settings}
        return start_module(module, environment=variables)

    return start


@pytest.fixture
def start_api(spawn, tmp_path):
    """Start an API process and return it when it says that it is ready."""

    def start(**settings) -> Running:
        [port] = free_ports(1)
        ready = tmp_path / f"ready-{port}"
        variables = {"ENGINE_PORT": str(port), "ENGINE_READY_FILE": str(ready), **settings}
        process = spawn("api", **variables)
        wait_until(lambda: ready.exists() or process.poll() is not None, what="the api is ready")
        assert process.poll() is None
        return Running(process, port)

    return start


@dataclass
class Served:
    """The API in this process, on the real log and the real projection."""

    url: str
    failures: list[str]

    @property
    def ws(self) -> str:
        return self.url.replace("http", "ws", 1)


@pytest.fixture
def sources():
    failures: list[str] = []
    return Sources(lambda: datetime.now(UTC), lambda: str(uuid.uuid4()), failures.append), failures


@pytest.fixture
async def serve(kafka, database_url, topic_prefix, topics, sources):
    """Serve the API with settings of its own; more than one may run at once."""
    async with AsyncExitStack() as running:

        async def start(**settings) -> Served:
            about = {
                "kafka": kafka,
                "database_url": database_url,
                "topic_prefix": topic_prefix,
                "partitions": TEST_PARTITIONS,
                **settings,
            }
            app = create_app(ApiSettings(**about), sources[0])
            return Served(await running.enter_async_context(serving(app)), sources[1])

        yield start


@pytest.fixture
async def api(serve) -> Served:
    return await serve()


@pytest.fixture
async def http(api):
    async with httpx.AsyncClient(base_url=api.url, timeout=20) as client:
        yield client


@pytest.fixture
def projector(spawn):
    return spawn("projections")


@pytest.fixture
def happens(kafka, topics):
    """Append events to the log as the other writers do, at this moment."""

    async def write(*events):
        now = datetime.now(UTC)
        current = [replace(event, occurred_at=now) for event in events]
        await append(kafka, topics.events, TEST_PARTITIONS, *current)

    return write
