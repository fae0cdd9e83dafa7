"""Processes that stand still, lose what they had to others, wake up and go on as if nothing was."""

import signal

import psycopg
import pytest

from tests.support.arena import Arena
from tests.support.servers import wait_until
from tests.support.truth import assert_word_kept, superseded, wait_until_all_ended

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


def test_a_worker_that_wakes_after_its_partitions_were_taken_over_changes_nothing(arena, crowd):
    with crowd.placing(40):
        wait_until(lambda: len(crowd.accepted) > 60, what="orders are in flight")
        arena.kill("worker-1", signal.SIGSTOP)
    wait_until_all_ended(arena, crowd)
    before = superseded(arena)
    arena.kill("worker-1", signal.SIGCONT)
    wait_until(lambda: superseded(arena) > before, what="it went on writing")
    crowd.place(20)
    assert_word_kept(arena, crowd)


def test_a_projector_that_wakes_after_another_took_over_writes_nothing(arena, crowd):
    with crowd.placing():
        wait_until(lambda: crowd.accepted)
        stopped = holder(arena)
        arena.kill(stopped, signal.SIGSTOP)
        wait_until(lambda: holder(arena) != stopped, what="another took over")
        arena.kill(stopped, signal.SIGCONT)
        placed = len(crowd.accepted)
        wait_until(lambda: len(crowd.accepted) > placed + 20)
        assert holder(arena) != stopped
    assert_word_kept(arena, crowd)


def holder(arena: Arena) -> str:
    """Return the name of the projector that writes."""
    with psycopg.connect(arena.database_url) as connection:
        query = "select holder from public.projection_lease"
        [(name,)] = connection.execute(query).fetchall()
        return name.split("@")[0]
