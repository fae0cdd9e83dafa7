import sys
from pathlib import Path

import pytest

from local.options import Options
from local.plan import Place, tiers
from local.state import Endpoints

ENDPOINTS = Endpoints(
    kafka="127.0.0.1:1",
    database_url="postgresql://tables",
    chain_url="postgresql://chain",
    url="http://127.0.0.1:3000",
    topic_prefix="",
    partitions=8,
)
API_SOCKET = 7


@pytest.fixture
def plan(tmp_path):
    def build(**choices):
        options = Options(tmp_path, **choices)
        return tiers(options, ENDPOINTS, Place(tmp_path), API_SOCKET)

    return build


def test_the_tables_are_served_before_the_workers_and_the_workers_before_the_api(plan):
    names = [[program.name for program in tier] for tier in plan()]
    assert names == [["projector-1"], ["worker-1", "delays", "market"], ["api-1"]]


def test_there_are_as_many_processes_as_asked_for(plan):
    names = [
        program.name for tier in plan(workers=2, projectors=2, api_workers=2) for program in tier
    ]
    assert names == [
        *("projector-1", "projector-2", "worker-1", "worker-2", "delays"),
        *("market", "api-1", "api-2"),
    ]


def test_every_process_is_a_module_of_ours(plan):
    commands = [program.command for tier in plan() for program in tier]
    assert commands == [
        (sys.executable, "-P", "-m", "projections"),
        (sys.executable, "-P", "-m", "streams", "worker"),
        (sys.executable, "-P", "-m", "streams", "delays"),
        (sys.executable, "-P", "-m", "venues"),
        (sys.executable, "-P", "-m", "api"),
    ]


def test_the_choices_reach_every_process(plan):
    for tier in plan(seed=7, quote_latency_ms=0, log_json=True, partitions=3):
        for program in tier:
            given = program.environment
            assert given["ENGINE_SEED"] == "7"
            assert given["ENGINE_QUOTE_LATENCY_MS"] == "0"
            assert given["ENGINE_LOG_JSON"] == "true"
            assert given["ENGINE_PARTITIONS"] == "3"
            assert given["ENGINE_KAFKA"] == "127.0.0.1:1"
            assert given["ENGINE_PROCESS"] == program.name


def test_no_two_processes_share_a_name_in_their_consumer_group(plan, tmp_path):
    programs = [program for tier in plan(workers=2) for program in tier]
    ids = [program.environment["ENGINE_GROUP_INSTANCE_ID"] for program in programs]
    assert len(set(ids)) == len(ids)
    elsewhere = Place(tmp_path / "another")
    assert elsewhere.group_instance_id("worker-1") not in ids


def test_only_the_api_inherits_the_listening_socket(plan):
    *others, [api] = plan()
    assert api.inherited == (API_SOCKET,)
    assert api.environment["ENGINE_API_FD"] == str(API_SOCKET)
    assert not any(program.inherited for tier in others for program in tier)


def test_a_process_is_ready_when_it_made_its_file_since_it_was_started(plan):
    [program] = plan()[0]
    file = Path(program.environment["ENGINE_READY_FILE"])
    program.before_start()
    assert not program.ready()
    file.touch()
    assert program.ready()
    program.before_start()
    assert not program.ready()


def test_what_a_killed_process_had_left_to_scratch_is_gone_when_it_is_started_again(plan, tmp_path):
    [_, [worker, *_], _] = plan()
    scratch = Path(worker.environment["ENGINE_SCRATCH_DIR"])
    assert scratch.is_relative_to(tmp_path)
    worker.before_start()
    (scratch / "engine-of-before").mkdir()
    worker.before_start()
    assert list(scratch.iterdir()) == []
