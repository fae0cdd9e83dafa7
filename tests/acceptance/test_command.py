"""The commands that talk to a running engine."""

import json
import signal
import subprocess
import sys

import psutil
import pytest

from tests.support.doors import command, complete_one
from tests.support.servers import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


def test_status_tells_scripts_everything(shared_engine):
    complete_one(shared_engine)

    def told():
        return json.loads(command(shared_engine, "status", "--json").stdout)

    wait_until(lambda: told()["lag"]["total"] == 0, what="the tables have caught up")
    status = told()
    worker = next(one for one in status["processes"] if one["name"] == "worker-1")
    assert worker["state"] == "ready"
    assert psutil.pid_exists(worker["pid"])
    assert status["kafka"] == shared_engine.kafka
    assert status["databaseUrl"].startswith("postgresql://")
    assert status["url"] == shared_engine.url
    assert status["counts"]["completed"] >= 1


def test_status_tells_people_too(shared_engine):
    complete_one(shared_engine)
    told = command(shared_engine, "status")
    assert told.exit_code == 0
    for word in ("worker-1", "ready", shared_engine.url, "completed"):
        assert word in told.stdout


def test_placing_with_watch_shows_the_order_to_its_end(shared_engine):
    told = command(shared_engine, "place", "SOL", "USDC", "10", "--slippage", "0.01", "--watch")
    assert told.exit_code == 0, told.stderr
    assert "is placed" in told.stdout
    assert "completed" in told.stdout


def test_placing_for_scripts_answers_the_words_of_the_api(shared_engine):
    told = command(shared_engine, "place", "SOL", "USDC", "10", "--json")
    assert json.loads(told.stdout)["status"] == "pending"


def test_an_order_that_is_refused_is_one_sentence(shared_engine):
    told = command(shared_engine, "place", "SOL", "SOL", "10")
    assert told.exit_code == 1
    assert "SAME_TOKEN_SWAP" in told.stderr
    assert "Traceback" not in told.stderr


def test_watching_an_order_that_ended_shows_its_end(shared_engine):
    told = command(shared_engine, "watch", complete_one(shared_engine))
    assert told.exit_code == 0
    assert "completed" in told.stdout


def test_watching_everything_can_end_after_some_events(shared_engine):
    complete_one(shared_engine)
    told = command(shared_engine, "watch", "--since", "0", "--count", "2")
    assert told.exit_code == 0, told.output
    first, second = told.output.splitlines()
    assert "OrderPlaced" in first
    assert "     2  " in second


def test_watching_everything_shows_what_happens_until_ctrl_c(shared_engine):
    order_id = complete_one(shared_engine)
    arguments = ("watch", "--since", "0", "--json", "--data-dir", str(shared_engine.data_dir))
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        seen: list[str] = []
        assert watching.stdout is not None
        for line in watching.stdout:
            event = json.loads(line)
            if event["orderId"] == order_id:
                seen.append(event["type"])
            if seen[-1:] == ["OrderExecuted"]:
                break
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=10)
    assert seen == ["OrderPlaced", "OrderRouted", "OrderExecuted"]
    assert (watching.returncode, errors) == (130, "")
