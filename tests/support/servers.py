"""Real Kafka and PostgreSQL for the tests: one of each a session, own topics and databases a test.

ENGINE_TEST_KAFKA (host:port) and ENGINE_TEST_DATABASE_URL (of a superuser) use servers that run;
so the processes of one session (`--numprocesses`) find those that they have in common.
"""

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from bench.servers import own_kafka, running
from local.ports import free_ports
from local.postgres import Postgres
from local.topics import Layout, create_topics
from orders.topics import Topics
from projections import schema

TEST_PARTITIONS = 4
OWN_FOLDER = "engine-test-"
# Java's second compiler takes half of a start's CPU time, and of that there are many here.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
KAFKA = "ENGINE_TEST_KAFKA"
DATABASE = "ENGINE_TEST_DATABASE_URL"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give root's sessions folders of their own under the system's one.

    Every session of root's closes the folder that pytest would share among them to all but root;
    a PostgreSQL of another session, which root runs as another user, would panic.
    """
    if os.geteuid() == 0 and config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix=OWN_FOLDER)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the servers that the processes of this session have in common."""
    config = session.config
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        return
    servers = ExitStack()
    config.add_cleanup(servers.close)
    folder = Path(servers.enter_context(tempfile.TemporaryDirectory(prefix=OWN_FOLDER)))
    for name, own in ((KAFKA, own_kafka), (DATABASE, own_postgres)):
        if name not in os.environ:
            os.environ[name] = servers.enter_context(own(folder / name.lower()))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remove the session's folder, unless there is something to look for in it."""
    folder = Path(session.config.option.basetemp or "")
    if exitstatus == 0 and folder.name.startswith(OWN_FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(condition: Callable[[], object], timeout: float = 30, what: str = "") -> None:
    """Return when the condition holds; fail the test when it does not within so many seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {timeout} s: {what or condition}")
        time.sleep(0.05)


def own_prefix() -> str:
    """Return what the names of topics begin with that nobody else has."""
    return f"t{uuid.uuid4().hex[:10]}."


def database_of(url: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def run_sql(url: str, statement: str, *names: str) -> None:
    """Run one statement outside a transaction; each {} stands for a name."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def new_database(server: str, template: str = "template1") -> Iterator[str]:
    """Yield the URL of a database of its own, a copy of the template; dropped at the end."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    run_sql(server, "create database {} template {}", name, template)
    try:
        yield database_of(server, name)
    finally:
        run_sql(server, "drop database if exists {} with (force)", name)


@contextmanager
def own_postgres(directory: Path) -> Iterator[str]:
    """Run a PostgreSQL until the block ends; yield its URL, as its superuser."""
    server = Postgres(directory, *free_ports(1))
    server.prepare()
    # No test of these servers cuts the power: what was written outlives any process. To make sure
    # of more would cost each database of a test up to a second, at its making and at its end.
    with (directory / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("fsync = off\n")
    with running(server.program(directory / "postgres.log")):
        yield server.url("postgres")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory) -> Iterator[str]:
    """Return the address of the session's Kafka, host:port."""
    if running_already := os.environ.get(KAFKA):
        yield running_already
        return
    with own_kafka(tmp_path_factory.mktemp("kafka")) as address:
        yield address


@pytest.fixture(scope="session")
def postgres(tmp_path_factory) -> Iterator[str]:
    """Return the URL of the session's PostgreSQL, as its superuser."""
    if running_already := os.environ.get(DATABASE):
        yield running_already
        return
    with own_postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def test_partitions() -> int:
    """Return how many partitions the topics of a test have."""
    return TEST_PARTITIONS


@pytest.fixture(scope="session")
def build_template(test_partitions) -> Callable[[str], None]:
    """Return what makes a database ready for the projector; override it to use another schema."""
    return lambda url: schema.create(url, test_partitions)


@pytest.fixture(scope="session")
def template_database(postgres, build_template) -> Iterator[str]:
    """Return the name of the database that every test's database is a copy of."""
    with new_database(postgres) as url:
        build_template(url)
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture
def database_url(postgres, template_database) -> Iterator[str]:
    """Return the URL of this test's own read-model database."""
    with new_database(postgres, template_database) as url:
        yield url


@pytest.fixture
def chain_url(postgres) -> Iterator[str]:
    """Return the URL of this test's own empty database for the simulated chain."""
    with new_database(postgres) as url:
        yield url


@pytest.fixture
def topic_prefix() -> str:
    """Return a prefix that no other test has."""
    return own_prefix()


@pytest.fixture
async def topics(kafka, topic_prefix, test_partitions) -> Topics:
    """Return this test's own topics, created with few partitions."""
    own = Topics(topic_prefix)
    await create_topics(kafka, own, Layout(test_partitions))
    return own
