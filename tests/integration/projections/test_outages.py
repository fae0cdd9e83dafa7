"""PostgreSQL or Kafka goes away and comes back: the projector waits and goes on by itself."""

import pytest

from bench.servers import running
from local import jars
from local.kafka import Kafka
from local.ports import free_ports
from local.postgres import Postgres, create_databases
from local.topics import Layout, create_topics
from orders.topics import Topics
from tests.integration.projections.conftest import Log, lives
from tests.integration.projections.tables import Tables
from tests.support.servers import TEST_PARTITIONS, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

SMALL = {"ENGINE_PROJECTOR_BATCH": "50", "ENGINE_PROJECTOR_LINGER_MS": "20"}


async def test_postgres_is_started_again_in_the_middle(log, start, environment, tmp_path):
    server = Postgres(tmp_path / "postgres", *free_ports(1))
    server.prepare()
    tables = Tables(server.url("engine"))
    environment = environment | SMALL | {"ENGINE_DATABASE_URL": tables.url}
    await log.append(*lives(1000))
    with running(server.program(tmp_path / "postgres.log")):
        create_databases(server.url("postgres"), ["engine"])
        both = [start(environment, f"projector-{n}") for n in (1, 2)]
        wait_until(lambda: tables.head > 500)
    for one in both:
        one.wait_until_said("waiting for Kafka or PostgreSQL")
    with running(server.program(tmp_path / "postgres.log")):
        tables.wait_for(head=3000, timeout=30)
        for one in both:
            one.wait_until_said("answer again")
            assert one.log.count("waiting for Kafka or PostgreSQL") == 1
        await log.assert_told_by(tables)
        assert [one.stop() for one in both] == [0, 0]


async def test_kafka_is_started_again_in_the_middle(tables, start, environment, tmp_path):
    server = Kafka(tmp_path / "kafka", *free_ports(2), jars.fetch())
    server.prepare()
    log = Log(server.address, Topics())
    own = {"ENGINE_KAFKA": server.address, "ENGINE_TOPIC_PREFIX": ""}
    with running(server.program(tmp_path / "kafka.log")):
        await create_topics(server.address, Topics(), Layout(TEST_PARTITIONS))
        await log.append(*lives(100))
        projector = start(environment | own)
        tables.wait_for(head=300, timeout=30)
    projector.wait_until_said("waiting for Kafka or PostgreSQL")
    with running(server.program(tmp_path / "kafka.log")):
        await log.append(*lives(100))
        tables.wait_for(head=600, timeout=30)
        projector.wait_until_said("answer again")
        await log.assert_told_by(tables)
    assert projector.log.count("waiting for Kafka or PostgreSQL") <= 2
    assert projector.process.poll() is None


async def test_it_may_start_before_its_servers(tables, start, environment):
    port, other = free_ports(2)
    away = {
        "ENGINE_KAFKA": f"127.0.0.1:{port}",
        "ENGINE_DATABASE_URL": f"postgresql://engine@127.0.0.1:{other}/engine",
    }
    for number, (name, value) in enumerate(away.items()):
        projector = start(environment | {name: value}, f"projector-{number}", ready=False)
        projector.wait_until_said("waiting for Kafka or PostgreSQL")
        assert not projector.ready_file.exists()
        assert projector.stop() == 0
        assert projector.log.count("\n") == 2
