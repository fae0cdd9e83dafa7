import json

import psutil
import pytest

from local import datadir, state
from local.child import State
from local.errors import AlreadyRunning, Misconfigured
from local.state import Endpoints, RunningProcess

OWN_PID = psutil.Process().pid
ENDPOINTS = Endpoints(
    kafka="127.0.0.1:1",
    database_url="postgresql://tables",
    chain_url="postgresql://chain",
    url="http://127.0.0.1:3000",
    topic_prefix="t.",
    partitions=8,
)


def test_a_running_engine_is_found_by_its_file(tmp_path):
    state.write(tmp_path, state.describe(ENDPOINTS, [], ready=True, environment={}))
    found = state.find_running(tmp_path)
    assert found is not None
    assert (found.url, found.pid, found.ready) == (ENDPOINTS.url, OWN_PID, True)


def test_the_file_is_in_camel_case_and_for_its_owner_alone(tmp_path):
    state.write(tmp_path, state.describe(ENDPOINTS, [], ready=True, environment={}))
    file = tmp_path / state.FILE
    assert json.loads(file.read_text())["databaseUrl"] == "postgresql://tables"
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"pid": 1}'])
def test_a_file_that_tells_nothing_is_no_engine(tmp_path, text):
    if text is not None:
        (tmp_path / state.FILE).write_text(text)
    assert state.find_running(tmp_path) is None


def test_another_process_with_the_same_number_is_not_the_engine():
    started = psutil.Process().create_time()
    assert state.alive(OWN_PID, started)
    assert not state.alive(OWN_PID, started - 3600)
    assert not state.alive(None, started)


def test_one_engine_at_a_time_holds_a_data_directory(tmp_path):
    with (
        datadir.held(tmp_path / "engine"),
        pytest.raises(AlreadyRunning, match=f"pid {OWN_PID}, still starting"),
        datadir.held(tmp_path / "engine"),
    ):
        pytest.fail("both hold it")


def test_the_one_that_is_running_is_told_by_its_address(tmp_path):
    with datadir.held(tmp_path):
        state.write(tmp_path, state.describe(ENDPOINTS, [], ready=True, environment={}))
        with pytest.raises(AlreadyRunning, match=ENDPOINTS.url), datadir.held(tmp_path):
            pytest.fail("both hold it")


def test_a_data_directory_that_is_a_file_is_told_with_the_option(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="--data-dir"), datadir.held(tmp_path / "file"):
        pytest.fail("it is held")


def test_emptying_leaves_what_is_not_the_engines(tmp_path):
    (tmp_path / "kafka").mkdir()
    (tmp_path / "ports.json").touch()
    (tmp_path / "thesis.txt").touch()
    datadir.empty(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_emptying_removes_a_link_and_not_what_it_points_at(tmp_path):
    kept = tmp_path / "elsewhere" / "diary.txt"
    kept.parent.mkdir()
    kept.touch()
    (tmp_path / "logs").symlink_to(kept.parent)
    datadir.empty(tmp_path)
    assert kept.exists()
    assert not (tmp_path / "logs").is_symlink()


def test_a_folder_that_is_not_an_engines_is_not_held_to_be_emptied(tmp_path):
    (tmp_path / "logs").mkdir()
    with pytest.raises(Misconfigured, match="--fresh"), datadir.held(tmp_path, fresh=True):
        pytest.fail("it is held")
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_a_new_folder_and_an_engines_own_may_be_emptied(tmp_path):
    directory = tmp_path / "engine"
    for _ in range(2):
        with datadir.held(directory, fresh=True):
            (directory / "ports.json").touch()


def test_a_comma_in_the_data_directory_is_told_with_the_option(tmp_path):
    with pytest.raises(Misconfigured, match=r"comma.*--data-dir"), datadir.held(tmp_path / "a,b"):
        pytest.fail("it is held")


def test_a_process_that_ended_long_ago_is_no_leftover(tmp_path):
    gone = RunningProcess(name="api-1", pid=1, state=State.READY, restarts=0, created_at=1.0)
    described = state.describe(ENDPOINTS, [], ready=True, environment={})
    state.write(tmp_path, described.model_copy(update={"processes": (gone,)}))
    assert datadir.end_leftovers(tmp_path) == []
