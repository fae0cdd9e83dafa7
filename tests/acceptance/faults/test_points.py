"""SIGKILL at every point where something is about to be written, or just was."""

import asyncio
import uuid
from contextlib import suppress

import pytest
from msgspec.structs import replace

from local.child import State
from tests.support.arena import Arena
from tests.support.log import append, placement
from tests.support.servers import TEST_PARTITIONS, wait_until
from tests.support.truth import assert_word_kept, log_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

PROJECTORS = ("projector-1", "projector-2")
OF_AN_APPEND = ("before-append", "after-append")
OF_A_COMMIT = ("before-commit", "after-commit")
OF_THE_VENUES = ("before-execute", "after-execute", "before-resolve", "after-resolve")


def test_stream_workers_killed_around_what_they_write_and_send(arena, crowd):
    arena.name_points("worker-1", *OF_AN_APPEND, "before-execute")
    arena.name_points("worker-2", *OF_THE_VENUES[1:])
    with crowd.placing():
        wait_until(lambda: not arena.points_left(), 60, "each died at its points")
    assert_word_kept(arena, crowd)


def test_every_other_process_killed_around_what_it_writes(arena, crowd):
    for process in ("delays", "api-1"):
        arena.name_points(process, *OF_AN_APPEND)
    for process in PROJECTORS:
        arena.name_points(process, *OF_A_COMMIT, *OF_AN_APPEND)
    with crowd.placing():
        wait_until(lambda: died_of_letters(arena), 60, "each died at its points")
    assert crowd.unanswered
    crowd.place(20)
    assert len(crowd.accepted) >= 20
    assert_word_kept(arena, crowd)


def died_of_letters(arena: Arena) -> bool:
    """Append a placement that is void, for a projector to put aside."""
    late = placement(str(uuid.uuid4()))
    void = replace(late, not_after=late.not_after.replace(year=2020))
    asyncio.run(append(arena.kafka, log_of(arena), TEST_PARTITIONS, void))
    left = arena.points_left()
    for projector, other in (PROJECTORS, PROJECTORS[::-1]):
        # Died of all its own and active again, it would keep the other from ever dying.
        waits = bool(left) and all(point.startswith(other) for point in left)
        if waits and arena.state_of(projector) is State.READY:
            with suppress(ProcessLookupError):
                arena.kill(projector)
    return not left
