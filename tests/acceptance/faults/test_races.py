"""Two ends for one order at one moment, while workers are killed: exactly one of them comes.

The drills are those of `make bench-races`, with fewer orders.
"""

import pytest

from bench.races.drills import RACES, Ground, run
from local.child import State
from tests.support.truth import assert_word_kept

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

ORDERS = 60


@pytest.mark.parametrize("name", RACES)
def test_one_end_comes_and_all_tell_the_same_one(name, arena, clean_crowd):
    token, drill = RACES[name]

    def kill(worker):
        if arena.state_of(worker) is State.READY:
            arena.kill(worker)

    race = run(Ground(arena.description, kill), token, drill, ORDERS)
    assert race.flaws == []
    assert race.kills
    assert sum(race.ended.values()) == ORDERS
    clean_crowd.accepted += race.order_ids
    assert_word_kept(arena, clean_crowd)
