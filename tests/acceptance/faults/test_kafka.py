"""Kafka away, and Kafka without room: refused in time, nothing lost, no process needs a hand."""

import pytest

from local.child import State
from tests.support.servers import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

OUTAGE = 10


@pytest.fixture(scope="module")
def drill_and_disk(on_a_small_disk, tables):
    with on_a_small_disk(96, **tables) as both:
        yield both


def test_an_outage_of_kafka_refuses_placements_and_loses_none(drill_and_disk):
    drill, _ = drill_and_disk
    others = drill.pids("kafka")
    with drill.load() as load:
        began = load.now
        with drill.engine.down("kafka"):
            for answer in drill.until_refused(load):
                assert (answer.status, answer.body["code"]) == (503, "LOG_UNAVAILABLE")
            assert drill.health() == 503
            wait_until(lambda: load.now > began + OUTAGE)
        drill.until_accepted(load)
        assert drill.health() == 200
    assert drill.pids("kafka") == others


def test_a_full_disk_under_kafka_refuses_placements_until_there_is_room(drill_and_disk):
    drill, disk = drill_and_disk
    with drill.load() as load:
        disk.fill()
        for answer in drill.until_refused(load):
            assert (answer.status, answer.body["code"]) == (503, "LOG_UNAVAILABLE")
        assert drill.health() == 503
        disk.make_room()
        drill.until_accepted(load)
        wait_until(lambda: drill.engine.state_of("kafka") is State.READY)
