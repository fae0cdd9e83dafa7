"""Three brokers: one may die and nobody notices; with two down nothing is taken, nothing lost."""

import pytest
from typer.testing import CliRunner

from cli.main import app
from local.child import State
from tests.support.drill import drilled
from tests.support.servers import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timed, pytest.mark.timeout(240)]

PATIENCE = 5
"""How many seconds a placement waits for the log: ENGINE_APPEND_PATIENCE_MS."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, tables):
    data_dir = tmp_path_factory.mktemp("cluster") / "engine"
    with drilled(data_dir, "--brokers", "3", **tables) as drill:
        yield drill


def is_ready(drill, name):
    return drill.engine.state_of(name) is State.READY


def test_one_broker_dies_and_then_another_and_both_come_back(cluster):
    others = cluster.pids("kafka-2", "kafka-3")
    with cluster.load() as load:
        with cluster.engine.down("kafka-2"):
            cluster.until_accepted(load, count=120)
            assert not load.refused
            assert max(answer.took for answer in load.answers) < PATIENCE
            with cluster.engine.down("kafka-3"):
                for answer in cluster.until_refused(load):
                    assert (answer.status, answer.body["code"]) == (503, "LOG_UNAVAILABLE")
                assert cluster.health() == 503
        cluster.until_accepted(load)
        wait_until(lambda: is_ready(cluster, "kafka-2") and is_ready(cluster, "kafka-3"))
        assert cluster.health() == 200
    assert cluster.pids("kafka-2", "kafka-3") == others


def test_status_shows_every_broker(cluster):
    told = CliRunner().invoke(app, ["status", "--data-dir", str(cluster.engine.data_dir)])
    assert all(f"kafka-{number}" in told.output for number in (1, 2, 3))
    assert cluster.engine.kafka.count(",") == 2
