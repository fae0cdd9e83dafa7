"""How soon the orders of a killed worker are another's, and end."""

import itertools
import time
from datetime import timedelta

import pytest

from tests.support.extras import extra_worker
from tests.support.servers import wait_until
from tests.support.truth import assert_word_kept, have_ended

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

TAKEOVER = timedelta(seconds=15)
CLEAN_ORDER = timedelta(seconds=1)
STORM = timedelta(seconds=18)
EVERY = timedelta(seconds=3)


def seconds_until_ended(arena, crowd):
    killed_at, placed = time.monotonic(), list(crowd.accepted)
    wait_until(lambda: have_ended(arena, placed), 90, "every order ended")
    return time.monotonic() - killed_at


@pytest.mark.timed
def test_orders_of_a_worker_that_stays_dead_end_within_15_seconds(arena, clean_crowd):
    with extra_worker(arena) as worker:
        worker.wait_until_ready()
        clean_crowd.place(80)
        worker.kill()
        took = seconds_until_ended(arena, clean_crowd)
    assert took < (TAKEOVER + CLEAN_ORDER).total_seconds()
    assert_word_kept(arena, clean_crowd)


@pytest.mark.timed
def test_orders_of_a_worker_that_is_started_again_end_within_15_seconds(arena, clean_crowd):
    clean_crowd.place(80)
    arena.kill("worker-2")
    took = seconds_until_ended(arena, clean_crowd)
    assert took < (TAKEOVER + CLEAN_ORDER).total_seconds()
    assert_word_kept(arena, clean_crowd)


def test_workers_that_come_and_go_every_3_seconds_lose_and_double_nothing(arena, crowd):
    ends_at = time.monotonic() + STORM.total_seconds()
    with crowd.placing(10):
        for number in itertools.count(1):
            come_and_go(arena, f"extra-{number}")
            if time.monotonic() > ends_at:
                break
    assert_word_kept(arena, crowd)


def come_and_go(arena, name):
    leaves_at = time.monotonic() + EVERY.total_seconds()
    with extra_worker(arena, name) as worker:
        worker.wait_until_ready()
        wait_until(lambda: time.monotonic() > leaves_at)
        assert worker.stop() == 0
