"""The servers of local/ themselves: what is there after a start, a second start and a stop."""

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from bench.servers import running
from cli.main import app
from local import jars
from local.errors import Misconfigured
from local.kafka import START, Kafka, class_cache
from local.kafka import answers as kafka_answers
from local.ports import free_ports
from local.postgres import Postgres, create_databases
from local.topics import Layout, create_topics
from orders.topics import Topics
from tests.support.servers import TEST_PARTITIONS

pytestmark = pytest.mark.integration


async def test_a_record_is_still_there_after_kafka_was_started_again_in_any_folder(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("LC_ALL", "C")
    directory = tmp_path / "José's küche 厨房"

    def server():
        port, controller_port = free_ports(2)
        return Kafka(directory, port, controller_port, jars.fetch())

    first = server()
    first.prepare()
    with running(first.program(tmp_path / "kafka.log")):
        await create_topics(first.address, Topics(), Layout(1))
        async with AIOKafkaProducer(bootstrap_servers=first.address, acks="all") as producer:
            await producer.send_and_wait(Topics().events, b"an event")
    assert not kafka_answers(first.address)

    second = server()
    second.prepare()
    with running(second.program(tmp_path / "kafka.log")):
        async with AIOKafkaConsumer(
            Topics().events, bootstrap_servers=second.address, auto_offset_reset="earliest"
        ) as consumer:
            assert (await consumer.getone()).value == b"an event"
    assert {path.name for path in tmp_path.iterdir()} == {directory.name, "kafka.log"}


def test_what_java_made_for_one_kafka_begins_the_next_under_ids_of_its_own(tmp_path):
    (tmp_path / "cache").mkdir()
    class_path = [tmp_path / "cache" / jar.name for jar in jars.fetch()]
    for link, jar in zip(class_path, jars.fetch(), strict=True):
        link.symlink_to(jar)
    class_cache(class_path).write_text("a cache of classes that is none is passed over")
    told = []
    for name in ("by Java", "kept"):
        server = Kafka(tmp_path / name, *free_ports(2), class_path)
        server.prepare()
        data = tmp_path / name / "data"
        lines = (data / "meta.properties").read_text().splitlines()
        members = dict(line.split("=") for line in lines if not line.startswith("#"))
        told.append((members, {file.name for file in data.iterdir()}, (data / START).read_bytes()))
    (first, *as_before), (second, *now) = told
    assert now == as_before
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} == {"cluster.id", "directory.id"}


def test_a_row_is_still_there_after_postgres_was_started_again(tmp_path):
    for _ in range(2):
        server = Postgres(tmp_path / "postgres", *free_ports(1))
        server.prepare()
        with running(server.program(tmp_path / "postgres.log")):
            create_databases(server.url("postgres"), ("engine", "chain"))
            with psycopg.connect(server.url("engine")) as connection:
                connection.execute("create table if not exists kept as select 42 as answer")
                assert connection.execute("select answer from kept").fetchone() == (42,)
                assert connection.execute("show fsync").fetchone() == ("on",)


def test_postgres_asks_for_its_password(postgres, tmp_path):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres.replace(":", ":not-", 2).replace(":not-//", "://"))


async def test_the_log_is_kept_for_ever_and_stamped_by_the_broker(kafka, topics):
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, topics.events)
        [response] = await admin.describe_configs([resource])
    finally:
        await admin.close()
    settings = {entry[0]: entry[1] for entry in response.resources[0][4]}
    assert settings["retention.ms"] == "-1"
    assert settings["cleanup.policy"] == "delete"
    assert settings["message.timestamp.type"] == "LogAppendTime"


async def test_the_topics_of_the_market_have_one_partition_and_keep_what_is_needed(kafka, topics):
    names = (topics.prices, topics.pools, topics.moves)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        described = await admin.describe_topics(list(names))
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        responses = await admin.describe_configs(resources)
    finally:
        await admin.close()
    assert {len(topic["partitions"]) for topic in described} == {1}
    kept = {}
    for resource in (one for response in responses for one in response.resources):
        settings = {entry[0]: entry[1] for entry in resource[4]}
        kept[resource[3]] = settings["cleanup.policy"], settings["retention.ms"]
    day = str(24 * 60 * 60 * 1000)
    assert [kept[name] for name in names] == [("delete", day), ("delete", "-1"), ("compact", "-1")]


async def test_creating_the_topics_twice_changes_nothing(kafka, topics):
    assert await create_topics(kafka, topics, Layout(TEST_PARTITIONS)) == []


def test_the_command_creates_the_topics_once(kafka, topic_prefix):
    arguments = ["topics", "create", "--kafka", kafka, "--topic-prefix", topic_prefix]
    first, second = (CliRunner().invoke(app, arguments) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert f"Created {topic_prefix}orders.events" in first.output
    assert second.output == "All topics are there already\n"
    assert '"created": []' in CliRunner().invoke(app, [*arguments, "--json"]).output


async def test_another_number_of_partitions_is_refused_with_a_way_out(kafka, topics):
    with pytest.raises(Misconfigured, match=f"set ENGINE_PARTITIONS={TEST_PARTITIONS}"):
        await create_topics(kafka, topics, Layout(TEST_PARTITIONS + 1))
