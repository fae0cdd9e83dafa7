"""Where nothing can be found out, `engine verify` says why in one sentence and ends with 2."""

import socket

import pytest

from tests.support.servers import new_database

pytestmark = pytest.mark.integration


@pytest.fixture
def nowhere():
    """Return an address where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"127.0.0.1:{port}"


def is_a_sentence(answer, *words):
    assert answer.code == 2, answer.output
    assert answer.output.startswith("Error: ")
    assert answer.output.count("\n") == 1
    assert "password" not in answer.output
    return all(word in answer.output for word in words)


async def test_kafka_is_away(world, nowhere):
    answer = await world.verified("--kafka", nowhere)
    assert is_a_sentence(answer, nowhere, "does not answer")


@pytest.mark.parametrize(
    ("option", "name"), [("--database-url", "tables"), ("--chain-url", "ledger")]
)
async def test_postgresql_is_away(world, nowhere, option, name):
    answer = await world.verified(option, f"postgresql://me:password@{nowhere}/engine")
    assert is_a_sentence(answer, f"The {name} at {nowhere}/engine cannot be read")


async def test_there_is_no_such_topic(world):
    answer = await world.verified("--topic-prefix", "nobodys.")
    assert is_a_sentence(answer, "has no topic nobodys.orders.events")


async def test_the_database_has_no_tables(world, postgres):
    with new_database(postgres) as empty:
        answer = await world.verified("--database-url", empty)
    assert is_a_sentence(answer, "no tables of the engine")


async def test_tables_of_another_log(world):
    world.alter("update projection_pointer set partitions = 8")
    assert is_a_sentence(await world.verified(), "do not belong together")


async def test_a_log_of_a_newer_engine(world):
    [order_id] = await world.live()
    home, key, value = world.record(world.placed(order_id))
    newer = value.replace(b'"schema_version":5', b'"schema_version":99')
    await world.append((home, key, newer, 3))
    assert is_a_sentence(await world.verified(), "schema version 99", "upgrade the engine")


async def test_a_list_that_holds_something_else(world, tmp_path):
    file = tmp_path / "ids.txt"
    file.write_text("0d5e9c1a-0000-4000-8000-000000000001\norder 2\n")
    answer = await world.verified("--accepted", file)
    assert is_a_sentence(answer, "line 2: 'order 2' is no order id")
    answer = await world.verified("--refused", tmp_path / "missing")
    assert is_a_sentence(answer, "missing cannot be read")


async def test_it_waits_no_longer_than_it_was_told(world, nowhere):
    answer = await world.verified("--kafka", nowhere, "--wait", "0.5")
    assert is_a_sentence(answer, "does not answer")
