"""The command line without an engine: what it teaches, refuses and answers."""

import os
import socket

import pytest

from cli import main
from local import datadir
from local.errors import AlreadyRunning, EngineError, Misconfigured

COMMANDS = [
    ["up"],
    ["status"],
    ["place"],
    ["orders"],
    ["cancel"],
    ["watch"],
    ["explain"],
    ["verify"],
    ["replay"],
    ["events", "export"],
    ["settings"],
    ["topics", "create"],
    ["projection", "rebuild"],
    ["dead-letters", "list"],
    ["dead-letters", "show"],
    ["dead-letters", "redrive"],
    ["quarantine", "list"],
    ["quarantine", "show"],
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_with_an_example(engine, command):
    told = engine(*command, "--help")
    assert told.exit_code == 0
    assert f"engine {' '.join(command)}" in told.output


def test_the_help_tells_the_exit_codes(engine):
    assert "3 no engine is running" in " ".join(engine("--help").output.split())


@pytest.mark.parametrize(
    "command", [["status"], ["place", "SOL", "USDC", "1"], ["watch"], ["projection", "rebuild"]]
)
def test_without_an_engine_the_exit_code_is_3_and_the_way_out_is_told(engine, command):
    told = engine(*command)
    assert told.exit_code == 3
    assert "No engine is running on .engine: start one with `engine up`" in told.output


def test_an_engine_that_is_still_starting_is_not_said_to_be_away(engine, tmp_path):
    with datadir.held(tmp_path):
        told = engine("status", "--data-dir", str(tmp_path))
    assert told.exit_code == 3
    assert f"(pid {os.getpid()}) is still starting" in told.output
    assert "No engine is running" in engine("status", "--data-dir", str(tmp_path)).output


def test_a_lock_that_was_left_behind_is_no_engine(engine, tmp_path):
    (tmp_path / datadir.LOCK).write_text(str(os.getpid()))
    os.utime(tmp_path / datadir.LOCK, (1, 1))
    assert "No engine is running" in engine("status", "--data-dir", str(tmp_path)).output


def test_the_data_directory_is_a_variable(engine):
    assert "running on elsewhere" in engine("status", ENGINE_DATA_DIR="elsewhere").output


def test_a_home_in_the_data_directory_is_found_by_every_command(engine, tmp_path):
    told = engine("status", ENGINE_DATA_DIR="~/eng", HOME=str(tmp_path))
    assert f"running on {tmp_path / 'eng'}" in told.output


def test_status_does_not_advise_an_option_that_it_has_not(engine):
    assert "--url" not in engine("status").output
    assert "--data-dir or --url" in engine("place", "SOL", "USDC", "1").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["some-order", "--since", "0"], "for all orders"),
        (["some-order", "--count", "1"], "for all orders"),
    ],
)
def test_an_option_that_watch_would_not_heed_is_a_usage_error(engine, arguments, told):
    answer = engine("watch", *arguments)
    assert answer.exit_code == 2
    assert told in answer.stderr


def test_the_help_tells_what_ctrl_c_ends_up_with(engine):
    assert "ends with 0" in " ".join(engine("--help").output.split())


@pytest.mark.parametrize("amount", ["ten", "NaN", "Infinity", "1e999999999", "0e-999999999"])
def test_an_amount_that_is_no_number_is_a_usage_error(engine, amount):
    told = engine("place", "SOL", "USDC", amount)
    assert told.exit_code == 2
    assert repr(amount) in told.output


def test_topics_are_not_created_at_what_is_no_address(engine):
    told = engine("topics", "create", "--kafka", "a:b")
    assert told.exit_code == 2
    assert "ENGINE_KAFKA is 'a:b'" in told.stderr


def test_an_api_that_does_not_answer_is_a_sentence(engine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = engine("place", "SOL", "USDC", "1", "--url", f"http://127.0.0.1:{port}")
    assert told.exit_code == 1
    assert "does not answer" in told.output


def test_a_rebuild_without_its_servers_is_a_sentence(engine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    servers = {"ENGINE_KAFKA": f"127.0.0.1:{port}", "ENGINE_DATABASE_URL": "postgresql://nowhere"}
    told = engine("projection", "rebuild", **servers)
    assert told.exit_code == 1
    assert "Error: The rebuild failed: " in told.output
    assert "Traceback" not in told.output


@pytest.mark.parametrize("orders", [["some-order"], []])
def test_a_feed_that_is_not_there_is_a_sentence(engine, orders):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = engine("watch", *orders, "--url", f"http://127.0.0.1:{port}")
    assert told.exit_code == 1
    assert "There is no feed at ws://" in told.output


def test_an_address_that_is_none_is_a_sentence(engine):
    told = engine("watch", "--url", "http://here:there")
    assert told.exit_code == 1
    assert "There is no feed at ws://here:there/ws: " in told.output


@pytest.mark.parametrize("command", [["watch"], ["place", "SOL", "USDC", "1"]])
@pytest.mark.parametrize("token", ["se\ncret", "sécret"])
def test_a_token_that_is_none_is_a_sentence_without_it(engine, command, token):
    told = engine(*command, "--url", "http://127.0.0.1:1", ENGINE_TOKEN=token)
    assert told.exit_code == 1
    assert told.output == "Error: The token has characters that no token has: see ENGINE_TOKEN\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [(EngineError("x"), 1), (Misconfigured("x"), 2), (AlreadyRunning("x"), 4)],
)
def test_each_kind_of_failure_has_its_exit_code(error, code):
    assert main.exit_code(error) == code
