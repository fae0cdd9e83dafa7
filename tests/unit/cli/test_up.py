"""What `engine up` teaches, and what it refuses before it starts anything."""

import socket

import pytest


def test_every_option_of_up_is_a_variable_too(engine):
    told = engine("up", "--help").output
    for name in (
        "PORT",
        "WORKERS",
        "API_WORKERS",
        "PROJECTORS",
        "BROKERS",
        "DATA_DIR",
        "FRESH",
        "SEED",
    ):
        assert f"ENGINE_{name}" in told


def test_the_help_of_the_seed_tells_when_prices_are_the_same(engine):
    assert "at the same moment" in " ".join(engine("up", "--help").output.split())


def test_a_wrong_variable_is_told_by_its_name(engine):
    told = engine("up", ENGINE_PORT="http")
    assert told.exit_code == 2
    assert "ENGINE_PORT" in told.output


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ENGINE_NONSENSE", "1"), ("ENGINE_KAFKA", "a:b"), ("ENGINE_LOG_LEVEL", "bogus")],
)
def test_a_variable_that_is_unknown_or_malformed_stops_the_start(engine, variable, value):
    told = engine("up", ENGINE_PORT="0", **{variable: value})
    assert told.exit_code == 2
    assert told.stderr.count("\n") == 1
    assert variable in told.stderr


def test_a_taken_port_is_one_sentence_with_the_option(engine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = engine("up", "--port", str(taken.getsockname()[1]))
    assert told.exit_code == 2
    assert told.output.count("\n") == 1
    assert "--port or ENGINE_PORT" in told.output


@pytest.mark.parametrize(
    ("variable", "server"),
    [
        ("ENGINE_KAFKA", "127.0.0.1:9"),
        ("ENGINE_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none"),
        ("ENGINE_CHAIN_URL", "postgresql://nobody@127.0.0.1:9/none"),
    ],
)
def test_fresh_is_not_for_the_servers_of_others(engine, variable, server):
    told = engine("up", "--fresh", **{variable: server})
    assert told.exit_code == 2
    assert "--fresh" in told.output


@pytest.mark.parametrize(
    ("brokers", "kafka", "told"),
    [("2", None, "use 1 or 3 with --brokers"), ("3", "127.0.0.1:9", "unset ENGINE_KAFKA")],
)
def test_brokers_that_cannot_be_had_are_one_sentence(engine, brokers, kafka, told):
    answer = engine("up", ENGINE_PORT="0", ENGINE_BROKERS=brokers, ENGINE_KAFKA=kafka)
    assert answer.exit_code == 2
    assert answer.stderr.count("\n") == 1
    assert told in answer.stderr
