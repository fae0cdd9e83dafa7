"""One process: what it takes to run it, starting it, stopping it; not keeping it alive."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from local import copies
from runtime.open_files import raise_limit

PR_SET_PDEATHSIG = 1  # from linux/prctl.h
LOST_PARENT = 1


@dataclass(frozen=True, slots=True)
class Account:
    """The system user and group that a process runs as, by number."""

    user: int
    group: int

    @classmethod
    def named(cls, name: str) -> Self:
        """Return the account of that name. Raises KeyError."""
        entry = pwd.getpwnam(name)
        return cls(entry.pw_uid, entry.pw_gid)


@dataclass(frozen=True, slots=True)
class Program:
    """One process of the engine, before it is started."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    log_file: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    inherited: tuple[int, ...] = ()
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel (Linux) when the supervisor dies without stopping its children."""
    before_start: Callable[[], None] = lambda: None
    main: Callable[[], None] | None = None
    """What a copy of the supervisor runs instead of the command, to the same effect."""


def launch(program: Program) -> subprocess.Popen[bytes]:
    """Start the process in a session of its own, so that a Ctrl-C in the terminal is not for it.

    Its output goes straight into its log file: a supervisor that stands still blocks nobody.
    """
    # Inherited by the process, which has a socket for each client.
    raise_limit()
    program.before_start()
    program.log_file.parent.mkdir(parents=True, exist_ok=True)
    account, main = program.account, program.main
    started = copies.undisturbed() if main else nullcontext()
    with program.log_file.open("ab") as log, started:
        return subprocess.Popen(
            list(program.command),
            env={**os.environ, **program.environment},
            # Where a program leaves its core or error file is not where somebody happened to stand.
            cwd=program.log_file.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=program.inherited,
            user=account.user if account else None,
            group=account.group if account else None,
            extra_groups=[] if account else None,
            restore_signals=main is None,
            preexec_fn=_inside(program),  # noqa: PLW1509  (the supervisor has one thread)
        )


def ask_to_stop(process: subprocess.Popen[bytes], program: Program) -> None:
    """Send the signal that means a clean stop; a process that is gone already is left in peace."""
    with suppress(ProcessLookupError):
        process.send_signal(program.stop_signal)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started in its session, without asking."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def stop(process: subprocess.Popen[bytes], program: Program, timeout: float) -> int:
    """Stop the process within so many seconds, the hard way if need be; return its exit code."""
    ask_to_stop(process, program)
    with suppress(subprocess.TimeoutExpired):
        return process.wait(timeout)
    kill(process)
    return process.returncode


def _inside(program: Program) -> Callable[[], None]:
    leash, main = _leash(program.orphan_signal), program.main

    def begin() -> None:
        leash()
        if main:
            copies.become(program.name, main, program.environment, program.inherited)

    return begin


def _leash(orphan_signal: signal.Signals) -> Callable[[], None]:
    if not sys.platform.startswith("linux"):
        return lambda: None
    # Loaded before the fork: afterwards only system calls are safe.
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def die_with_the_supervisor() -> None:
        prctl(PR_SET_PDEATHSIG, int(orphan_signal))
        if os.getppid() != parent:
            os._exit(LOST_PARENT)

    return die_with_the_supervisor
