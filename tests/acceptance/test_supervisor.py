"""`engine up` from outside: starting, being found, healing, stopping and starting again."""

import json
import signal
import threading
import time

import httpx
import psutil
import pytest
from typer.testing import CliRunner

from cli.main import app
from local import state
from local.child import State
from tests.support.doors import command, complete_one, place, status_of
from tests.support.engine import Engine
from tests.support.servers import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

FAST = {"ENGINE_QUOTE_LATENCY_MS": "0", "ENGINE_EXECUTE_LATENCY_MS": "0"}
EVERY_PROCESS = ["api-1", "delays", "kafka", "market", "postgres", "projector-1", "worker-1"]


def pids(engine):
    return [process.pid for process in engine.processes.values()]


def none_is_left(numbers):
    return not any(map(psutil.pid_exists, numbers))


@pytest.fixture(scope="module")
def own_engine(tmp_path_factory):
    """Return an engine with its own Kafka and PostgreSQL; every test leaves it running."""
    place_of_its_own = tmp_path_factory.mktemp("own") / "engine"
    one = Engine(place_of_its_own, environment={"ENGINE_PARTITIONS": "4", **FAST})
    one.start()
    yield one
    one.stop()


def test_an_engine_of_its_own_runs_every_process(own_engine):
    assert sorted(own_engine.processes) == EVERY_PROCESS
    complete_one(own_engine)


@pytest.mark.timed
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_is_quick_and_complete_and_the_next_start_has_the_data(own_engine, number):
    order_id = complete_one(own_engine)
    before = pids(own_engine)
    began = time.monotonic()
    assert own_engine.stop(number) == 0
    assert time.monotonic() - began < 10
    assert none_is_left(before)
    assert state.read(own_engine.data_dir) is None

    began = time.monotonic()
    own_engine.start()
    assert time.monotonic() - began < 15
    assert status_of(own_engine, order_id) == "completed"
    complete_one(own_engine)


def test_a_fresh_start_has_forgotten_everything(own_engine):
    order_id = complete_one(own_engine)
    own_engine.stop()
    own_engine.start("--fresh")
    answer = httpx.get(f"{own_engine.url}/api/orders/{order_id}", timeout=15)
    assert answer.status_code == 404
    complete_one(own_engine)


def test_what_a_killed_supervisor_leaves_behind_does_not_hinder_the_next(own_engine):
    order_id = complete_one(own_engine)
    before = pids(own_engine)
    own_engine.kill_supervisor()
    own_engine.start()
    assert none_is_left(before)
    assert status_of(own_engine, order_id) == "completed"
    complete_one(own_engine)


@pytest.mark.parametrize("victim", ["kafka", "postgres"])
def test_a_server_that_is_killed_comes_back_and_orders_go_on(own_engine, victim):
    first = complete_one(own_engine)
    restarts = own_engine.processes[victim].restarts
    own_engine.kill(victim)
    wait_until(
        lambda: (
            own_engine.processes[victim].restarts > restarts
            and own_engine.processes[victim].state is State.READY
        ),
        what=f"{victim} is back",
    )

    def placed():
        try:
            return place(own_engine)
        except httpx.HTTPStatusError:
            return None

    wait_until(placed, timeout=60, what="an order is accepted again")
    wait_until(lambda: status_of(own_engine, first) == "completed")
    complete_one(own_engine)


@pytest.mark.parametrize("victim", ["worker-1", "api-1", "projector-1", "delays", "market"])
def test_a_process_that_is_killed_comes_back_and_orders_go_on(own_engine, victim):
    engine: Engine = own_engine
    restarts = engine.processes[victim].restarts
    pid = engine.kill(victim)

    def is_back() -> bool:
        now = engine.processes[victim]
        return now.state is State.READY and now.pid != pid

    wait_until(is_back, what=f"{victim} is back")
    assert engine.processes[victim].restarts == restarts + 1
    assert f"{victim} was killed by signal 9: starting it again" in engine.tail()
    complete_one(engine)


def test_a_request_waits_while_the_only_api_process_is_started_again(own_engine):
    own_engine.kill("api-1")
    complete_one(own_engine)


def test_a_second_engine_on_the_same_data_directory_is_told_of_the_first(own_engine):
    told = command(own_engine, "up", "--port", "0")
    assert told.exit_code == 4
    [sentence] = told.stderr.splitlines()
    assert "already running" in sentence
    assert own_engine.url in sentence
    assert str(own_engine.description.pid) in sentence


def test_a_start_can_be_stopped_half_way(make_engine):
    engine = make_engine()
    engine.start(wait=False)
    wait_until(lambda: state.read(engine.data_dir), what="the first process is started")
    began = time.monotonic()
    assert engine.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 10


def test_up_runs_until_it_is_told_to_stop(tmp_path, on_session_servers):
    data_dir = tmp_path / "engine"

    def stop_when_ready():
        wait_until(lambda: (found := state.read(data_dir)) and found.ready, timeout=60)
        signal.raise_signal(signal.SIGTERM)

    stopper = threading.Thread(target=stop_when_ready)
    stopper.start()
    told = CliRunner().invoke(
        app,
        ["up", "--data-dir", str(data_dir), "--port", "0", "--partitions", "4"],
        env=on_session_servers,
    )
    stopper.join()
    assert told.exit_code == 0, told.output
    for words in ("api-1 is ready", "API        http://127.0.0.1:", "/docs", "/ws/<orderId>"):
        assert words in told.output
    assert "Access     none: whoever reaches the API may place orders" in told.output
    assert state.read(data_dir) is None


def test_a_setting_that_a_process_refuses_ends_the_start_with_its_sentence(
    make_engine, on_session_servers
):
    engine = make_engine(ENGINE_RAYDIUM_FEE="much", **on_session_servers)
    engine.start(wait=False)
    assert engine.wait() == 2
    assert "ENGINE_RAYDIUM_FEE" in engine.tail()
    assert "Traceback" not in engine.tail()


@pytest.mark.usefixtures("topics")
def test_another_number_of_partitions_is_refused(make_engine, on_session_servers):
    engine = make_engine("--partitions", "5", **on_session_servers)
    engine.start(wait=False)
    assert engine.wait() == 2
    assert "set ENGINE_PARTITIONS=4" in engine.tail()


def test_servers_that_do_not_answer_are_told_in_a_sentence(make_engine, on_session_servers):
    nowhere = "postgresql://nobody@127.0.0.1:9/none"
    engine = make_engine(**{**on_session_servers, "ENGINE_DATABASE_URL": nowhere})
    engine.start(wait=False)
    assert engine.wait() == 1
    assert "PostgreSQL cannot be used" in engine.tail()
    assert "Traceback" not in engine.tail()


def test_several_of_each_share_the_work_and_log_json(make_engine, on_session_servers):
    engine = make_engine(
        *("--workers", "2", "--api-workers", "2", "--projectors", "2", "--log-json"),
        **on_session_servers,
        **FAST,
    )
    engine.start()
    names = {f"{name}-{number}" for name in ("worker", "api", "projector") for number in (1, 2)}
    assert set(engine.processes) == names | {"delays", "market"}
    complete_one(engine)
    engine.stop()
    for line in engine.output.read_text().splitlines():
        assert json.loads(line)["process"]
