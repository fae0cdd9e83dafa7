"""What orders cost, beside the least that their work costs: a part that gets dearer is noticed.

CPU beside CPU of the same minute, the least of some rounds: a machine that is slower, or that
others use too, is so for both. First the code alone, then the processes of an engine with all that
they are made of.
"""

import pytest

from bench.apart import apart
from bench.suite import ratios
from tests.support import costs

pytestmark = [pytest.mark.acceptance, pytest.mark.timed, pytest.mark.timeout(300)]

TWICE_IS_TOO_MUCH = [
    pytest.param(costs.api_ratio, 1.2, id="placement"),
    pytest.param(costs.worker_ratio, 8.5, id="order"),
    pytest.param(costs.projector_ratio, 4.4, id="event"),
]
PROCESSES = [
    pytest.param(ratios.api, 1.5, id="api"),
    pytest.param(ratios.worker, 5.5, id="worker"),
    pytest.param(ratios.projector, 6, id="projector"),
]


@pytest.mark.parametrize(("ratio", "limit"), TWICE_IS_TOO_MUCH)
def test_the_code_takes_no_more_beside_its_least_work_than_it_did(ratio, limit):
    # Apart: what measures coverage here would be measured too.
    assert apart(ratio) < limit


@pytest.fixture(scope="module")
def engine():
    with ratios.idle_engine() as running:
        yield running


@pytest.mark.parametrize(("ratio", "limit"), PROCESSES)
def test_a_process_takes_no_more_beside_its_least_work_than_it_did(engine, ratio, limit):
    found = ratio(engine)
    assert found.value < limit, found
