"""What a supervisor that was killed leaves behind."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local import datadir, state
from local.child import State
from local.program import launch
from local.state import Endpoints, RunningProcess
from tests.support.programs import IGNORES_SIGTERM, WORKS
from tests.support.servers import wait_until

pytestmark = pytest.mark.integration


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the Linux kernel's signal")
def test_the_processes_die_with_a_supervisor_that_is_killed(tmp_path):
    script = Path(__file__).with_name("killed_supervisor.py")
    pid_file = tmp_path / "pid"
    command = [sys.executable, str(script), str(pid_file)]
    killed = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    wait_until(lambda: pid_file.exists() and pid_file.read_text(), what="the child runs")
    orphan = psutil.Process(int(pid_file.read_text()))
    killed.kill()
    killed.wait()
    wait_until(
        lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE, timeout=5
    )


@pytest.mark.parametrize("script", [WORKS, IGNORES_SIGTERM])
def test_what_a_killed_engine_left_is_ended(program, tmp_path, monkeypatch, script):
    monkeypatch.setattr(datadir, "LEFTOVERS_TIMEOUT", 1)
    left = program("worker-1", script)
    process = launch(left)
    wait_until(left.ready, what="it runs")
    created_at = psutil.Process(process.pid).create_time()
    one = RunningProcess(
        name="worker-1", pid=process.pid, state=State.READY, restarts=0, created_at=created_at
    )
    endpoints = Endpoints(
        kafka="", database_url="", chain_url="", url="", topic_prefix="", partitions=1
    )
    engine = state.describe(endpoints, [], ready=True, environment={}).model_copy(
        update={"processes": (one,)}
    )
    state.write(tmp_path, engine)
    assert datadir.end_leftovers(tmp_path) == ["worker-1"]
    assert not psutil.pid_exists(process.pid)
    process.wait()
    assert datadir.end_leftovers(tmp_path) == []
