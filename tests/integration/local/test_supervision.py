"""The supervisor over small programs that do what real ones do in bad moments."""

import os
import resource
import signal
import time
from dataclasses import replace
from datetime import timedelta

import psutil
import pytest

from local import child, supervisor
from local.child import State
from local.console import Console
from local.errors import EngineError, Misconfigured
from local.program import kill, launch
from local.program import stop as stop_program
from local.stopping import StopRequest
from local.supervisor import Supervisor, Tier
from tests.support.programs import IGNORES_SIGTERM, WORKS
from tests.support.servers import wait_until

pytestmark = pytest.mark.integration

REFUSES = "import sys; print('ENGINE_SEED is wrong'); sys.exit(2)"
BREAKS = "raise SystemExit('broken')"
DIES_ONCE = (
    "import os, pathlib, time; died = pathlib.Path('{ready}.died')\n"
    "if not died.exists(): died.touch(); os.kill(os.getpid(), 9)\n"
) + WORKS


def test_a_process_may_open_as_many_files_as_the_system_allows(program):
    tells = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    one = program("one", tells)
    before = soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, most - 1), most))
    try:
        assert launch(one).wait(20) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert one.log_file.read_text() == f"{(most, most)}\n"


@pytest.fixture
def stop():
    return StopRequest()


@pytest.fixture
def supervise(tmp_path, stop):
    """Return what makes a supervisor; each is stopped at the end."""
    made = []

    def make(changed=lambda _children: None, held=lambda _name: False):
        console = Console(tmp_path / "engine.log", as_json=False)
        made.append(Supervisor(console, stop, changed, held))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def test_a_tier_starts_when_all_before_it_are_ready(program, supervise):
    running = supervise()
    states_at = {}

    def note(tier):
        states_at[tier] = [one.state for one in running.children]

    tiers = [
        Tier([program("kafka", WORKS), program("postgres", WORKS)], then=lambda: note(1)),
        Tier([program("worker-1", WORKS)], then=lambda: note(2)),
    ]
    running.start(tiers)
    assert states_at == {1: [State.READY] * 2, 2: [State.READY] * 3}


def test_a_process_that_dies_is_started_again_and_the_terminal_says_so(program, supervise, capsys):
    running = supervise()
    running.start([Tier([program("worker-1", DIES_ONCE)])])
    [one] = running.children
    assert (one.state, one.restarts) == (State.READY, 1)
    assert "worker-1 was killed by signal 9: starting it again in 0.2 s" in capsys.readouterr().out


def test_a_running_process_that_is_killed_comes_back(program, supervise, stop):
    killed: list[int] = []

    def kill_once_then_stop(children):
        [one] = children
        if one.state is State.READY and not killed:
            killed.append(one.pid)
            os.kill(one.pid, signal.SIGKILL)
        elif one.state is State.READY and one.pid != killed[0]:
            stop.ask()

    running = supervise(kill_once_then_stop)
    running.start([Tier([program("api-1", WORKS)])])
    running.watch()
    assert running.children[0].restarts == 1


def test_a_process_that_is_held_down_is_not_started_again_until_it_is_let_go(
    program, supervise, stop
):
    seen: list[State] = []
    held = {"kafka"}

    def follow(children):
        [one] = children
        seen.append(one.state)
        if one.state is State.READY and one.restarts == 0:
            os.kill(one.pid, signal.SIGKILL)
        elif one.state is State.HELD:
            held.clear()
        elif one.state is State.READY:
            stop.ask()

    running = supervise(follow, held.__contains__)
    running.start([Tier([program("kafka", WORKS)])])
    running.watch()
    held_at = seen.index(State.HELD)
    assert State.STARTING not in seen[seen.index(State.BACKOFF) : held_at]
    assert seen[held_at + 1 :] == [State.STARTING, State.READY]


def test_a_process_that_cannot_be_started_now_is_started_later(program, supervise, capsys):
    fails = [OSError("no room"), OSError("still none")]

    def before_start():
        if fails:
            raise fails.pop(0)

    running = supervise()
    running.start([Tier([replace(program("api-1", WORKS), before_start=before_start)])])
    assert running.children[0].state is State.READY
    assert "api-1 cannot be started (no room): starting it again" in capsys.readouterr().out


def test_what_cannot_be_told_on_a_full_disk_is_told_when_there_is_room(program, supervise):
    tries: list[State] = []

    def tell(children):
        tries.append(children[0].state)
        if len(tries) < 3:
            raise OSError("no room")

    running = supervise(tell)
    running.start([Tier([program("api-1", "import time; time.sleep(0.5);" + WORKS)])])
    assert tries[:3] == [State.STARTING] * 3


def test_a_process_that_refuses_its_configuration_is_not_started_again(program, supervise):
    running = supervise()
    with pytest.raises(Misconfigured, match="worker-1 cannot start: ENGINE_SEED is wrong"):
        running.start([Tier([program("worker-1", REFUSES)])])
    assert running.children[0].restarts == 0


def test_a_process_that_never_starts_ends_the_start_with_its_last_words(program, supervise):
    with pytest.raises(EngineError, match="worker-1 does not start: broken"):
        supervise().start([Tier([program("worker-1", BREAKS)])])


def test_processes_stop_in_the_reverse_order(program, supervise):
    stopped: list[str] = []

    def note(children):
        stopped.extend(
            one.name for one in children if one.state is State.STOPPED and one.name not in stopped
        )

    class Noting(Supervisor):
        """Notes after each tier what has stopped."""

        def _stop_tier(self, tier, deadline):
            super()._stop_tier(tier, deadline)
            note(self.children)

    running = supervise()
    noting = Noting(running._console, running._stop, note)
    noting.start([Tier([program(name, WORKS)]) for name in ("kafka", "worker-1", "api-1")])
    noting.stop()
    assert stopped == ["api-1", "worker-1", "kafka"]


def test_a_process_that_does_not_stop_is_killed_in_time(program, supervise):
    running = supervise()
    running.start([Tier([program("kafka", WORKS)]), Tier([program("api-1", IGNORES_SIGTERM)])])
    pids = [one.pid for one in running.children]
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 10
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_program_that_does_not_stop_is_killed(program):
    stubborn = program("worker-1", IGNORES_SIGTERM)
    process = launch(stubborn)
    wait_until(stubborn.ready, what="it runs")
    assert stop_program(process, stubborn, timeout=0.2) == -signal.SIGKILL
    kill(process)


def test_a_process_that_does_not_get_ready_is_started_again(program, supervise, monkeypatch):
    monkeypatch.setattr(child, "START_TIMEOUT", timedelta(seconds=0.3))
    monkeypatch.setattr(supervisor, "TIER_TIMEOUT", timedelta(seconds=2))
    never_ready = supervise()
    with pytest.raises(EngineError, match=r"worker-1 not ready after 2 s"):
        never_ready.start([Tier([program("worker-1", "import time; time.sleep(600)")])])
    assert never_ready.children[0].restarts > 0
