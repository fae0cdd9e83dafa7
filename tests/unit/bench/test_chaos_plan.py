"""A campaign's plan is its seed's, dense enough, and never two takeovers at once."""

import itertools
from collections import defaultdict

import pytest

from bench.chaos.plan import FULL, KILLED, POINTS, SHORT, Scale, plan

SEEDS = range(20)


def kills(faults):
    return [fault for fault in faults if fault.kind in {"kill", "crash"}]


@pytest.mark.parametrize("scale", [FULL, SHORT], ids=["full", "short"])
def test_the_same_seed_makes_the_same_plan(scale: Scale):
    assert plan(7, scale) == plan(7, scale)
    assert plan(7, scale) != plan(8, scale)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_full_campaign_kills_every_sort_of_process_two_hundred_times_in_all(seed):
    done = kills(plan(seed, FULL))
    assert len(done) >= 200
    assert {fault.sort for fault in done} == KILLED.keys()
    assert FULL.seconds >= 45 * 60


@pytest.mark.parametrize("seed", SEEDS)
def test_the_market_is_killed_as_the_others_are(seed):
    assert sum(fault.sort == "market" for fault in kills(plan(seed, FULL))) >= 10


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scale", [FULL, SHORT], ids=["full", "short"])
def test_kills_of_one_sort_are_apart(scale, seed):
    struck = defaultdict(list)
    for fault in kills(plan(seed, scale)):
        struck[fault.sort].append(fault.at)
    for times in struck.values():
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert min(gaps, default=scale.spacing) >= scale.spacing


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scale", [FULL, SHORT], ids=["full", "short"])
def test_every_lasting_fault_is_there_and_nothing_strikes_while_it_lasts(scale, seed):
    faults = plan(seed, scale)
    lasting = [fault for fault in faults if fault.lasts]
    assert {(fault.kind, fault.sort) for fault in lasting} == {
        ("stop", "worker"),
        ("stop", "projector"),
        ("down", "kafka"),
        ("down", "postgres"),
        ("storm", "worker"),
    }
    for long in lasting:
        assert not any(long.at <= fault.at <= long.at + long.lasts for fault in kills(faults))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_crash_is_at_a_point_that_its_process_passes(seed):
    for fault in plan(seed, FULL):
        assert (fault.point is not None) == (fault.kind == "crash")
        assert fault.point is None or fault.point in POINTS[fault.sort]
