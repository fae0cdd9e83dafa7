"""The command line without an engine: what it teaches, refuses and answers."""

import json
import socket
from decimal import Decimal

import httpx
import pytest
from typer.testing import CliRunner

from cli import main
from cli.main import app
from cli.place import encode, refusal
from local.errors import AlreadyRunning, EngineError, Misconfigured

COMMANDS = [
    ["up"],
    ["status"],
    ["place"],
    ["watch"],
    ["verify"],
    ["topics", "create"],
    ["projection", "rebuild"],
    ["dead-letters", "list"],
    ["dead-letters", "show"],
    ["dead-letters", "redrive"],
    ["quarantine", "list"],
    ["quarantine", "show"],
]


@pytest.fixture
def engine(monkeypatch, tmp_path):
    """Return what runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments, **environment: CliRunner().invoke(
        app, arguments, env={"COLUMNS": "200", **environment}
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_with_an_example(engine, command):
    told = engine(*command, "--help")
    assert told.exit_code == 0
    assert f"engine {' '.join(command)}" in told.output


def test_the_help_tells_the_exit_codes(engine):
    assert "3 no engine is running" in " ".join(engine("--help").output.split())


def test_every_option_of_up_is_a_variable_too(engine):
    told = engine("up", "--help").output
    for name in ("PORT", "WORKERS", "API_WORKERS", "PROJECTORS", "DATA_DIR", "FRESH", "SEED"):
        assert f"ENGINE_{name}" in told


@pytest.mark.parametrize(
    "command", [["status"], ["place", "SOL", "USDC", "1"], ["watch"], ["projection", "rebuild"]]
)
def test_without_an_engine_the_exit_code_is_3_and_the_way_out_is_told(engine, command):
    told = engine(*command)
    assert told.exit_code == 3
    assert "No engine is running on .engine: start one with `engine up`" in told.output


def test_the_data_directory_is_a_variable(engine):
    assert "running on elsewhere" in engine("status", ENGINE_DATA_DIR="elsewhere").output


@pytest.mark.parametrize("amount", ["ten", "NaN", "Infinity"])
def test_an_amount_that_is_no_number_is_a_usage_error(engine, amount):
    told = engine("place", "SOL", "USDC", amount)
    assert told.exit_code == 2
    assert repr(amount) in told.output


def test_a_wrong_variable_is_told_by_its_name(engine):
    told = engine("up", ENGINE_PORT="http")
    assert told.exit_code == 2
    assert "ENGINE_PORT" in told.output


def test_a_taken_port_is_one_sentence_with_the_option(engine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = engine("up", "--port", str(taken.getsockname()[1]))
    assert told.exit_code == 2
    assert told.output.count("\n") == 1
    assert "--port or ENGINE_PORT" in told.output


def test_fresh_is_not_for_the_servers_of_others(engine):
    told = engine("up", "--fresh", ENGINE_KAFKA="127.0.0.1:9")
    assert told.exit_code == 2
    assert "--fresh" in told.output


def test_an_api_that_does_not_answer_is_a_sentence(engine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = engine("place", "SOL", "USDC", "1", "--url", f"http://127.0.0.1:{port}")
    assert told.exit_code == 1
    assert "does not answer" in told.output


def test_a_feed_that_is_not_there_is_a_sentence(engine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = engine("watch", "some-order", "--url", f"http://127.0.0.1:{port}")
    assert told.exit_code == 1
    assert "There is no feed at ws://" in told.output


@pytest.mark.parametrize(
    ("error", "code"),
    [(EngineError("x"), 1), (Misconfigured("x"), 2), (AlreadyRunning("x"), 4)],
)
def test_each_kind_of_failure_has_its_exit_code(error, code):
    assert main.exit_code(error) == code


def test_an_order_keeps_every_digit():
    text = encode({"tokenIn": 'S"OL', "amount": Decimal("1E-9"), "slippage": None})
    assert text == '{"tokenIn":"S\\"OL","amount":0.000000001}'
    assert json.loads(text)["tokenIn"] == 'S"OL'


def test_a_refusal_is_told_in_the_words_of_the_api():
    body = {"error": "INVALID_AMOUNT", "message": "amount must be positive", "code": "ERR_005"}
    answer = httpx.Response(400, json=body)
    assert refusal(answer) == "amount must be positive (INVALID_AMOUNT)"


def test_a_refusal_with_an_order_id_tells_it():
    body = {"error": "LOG_UNAVAILABLE", "message": "no answer", "orderId": "o-1"}
    assert refusal(httpx.Response(503, json=body)) == "no answer (LOG_UNAVAILABLE); orderId o-1"


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>"])
def test_an_answer_that_is_not_the_apis_is_told_by_its_status(body):
    assert refusal(httpx.Response(502, content=body)) == "The API answered 502 Bad Gateway"
