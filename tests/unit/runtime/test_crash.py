"""The points at which a process can be made to kill itself, without dying of it here."""

import pytest

from runtime.crash import CrashPoints, crash_points, go_on
from runtime.settings import Settings
from streams.crash import with_crash_points
from tests.support.builders import terms
from tests.support.contracts import execution
from tests.support.fakes import FakeVenue


@pytest.fixture
def kills():
    return []


@pytest.fixture
def reached(tmp_path, kills):
    return CrashPoints(tmp_path, "worker-1", lambda: kills.append(True))


def test_as_it_is_shipped_nobody_dies_and_the_venues_are_themselves():
    venues = {"RAYDIUM": FakeVenue()}
    assert crash_points(Settings()) is go_on
    assert with_crash_points(venues, go_on) is venues


def test_a_process_dies_once_at_the_point_that_is_named(reached, kills, tmp_path):
    (tmp_path / "worker-1.after-append").touch()
    reached("before-append")
    assert not kills
    reached("after-append")
    reached("after-append")
    assert kills == [True]
    assert not list(tmp_path.iterdir())


def test_the_points_of_another_process_are_not_for_it(reached, kills, tmp_path):
    (tmp_path / "worker-2.after-append").touch()
    reached("after-append")
    assert not kills


def test_that_it_can_be_killed_is_logged(tmp_path, caplog):
    reached = crash_points(Settings(crash_dir=tmp_path))
    reached("before-commit")
    assert "ENGINE_CRASH_DIR is set" in caplog.text


async def test_a_venue_has_a_point_on_either_side_of_each_effect():
    told = []
    venue = FakeVenue()
    [watched] = with_crash_points({"RAYDIUM": venue}, told.append).values()
    assert watched.name == venue.name
    await watched.quote(terms(), 1)
    assert told == []
    sent = execution(venue)
    fill = await watched.execute(sent)
    assert told == ["before-execute", "after-execute"]
    assert await watched.resolve(sent.execution_id) == fill
    assert told[2:] == ["before-resolve", "after-resolve"]
