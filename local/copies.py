"""Our own processes begin as copies of the supervisor, where all that they import is there already.

To import it takes each of them about a second of a core, and an engine has at least six of them.
"""

import gc
import io
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import NoReturn

from setproctitle import setproctitle

from local.stopping import SIGNALS

OURS = ("projections", "streams", "venues", "api")
FIRST_FILE = 3
"""After standard input, output and error."""


def import_ours() -> None:
    """Import everything that our processes need, which takes two seconds of a core."""
    for package in OURS:
        import_module(f"{package}.__main__")


def main_of(package: str, *words: str) -> Callable[[], None]:
    """Return what does the same as `python -m package words` would."""

    def main() -> None:
        sys.argv[:] = [package, *words]
        import_module(f"{package}.__main__").main()

    return main


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let no signal come while a copy is made: the copy has the supervisor's handlers at first."""
    for stream in (sys.stdout, sys.stderr):
        # What is not written yet would be written by both; where nobody reads, by neither.
        with suppress(OSError):
            stream.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def become(
    name: str, main: Callable[[], None], environment: Mapping[str, str], kept: Sequence[int]
) -> NoReturn:
    """Be this process from now on, as if a Python had just been started for it.

    To be called in a copy that has its standard streams, folder and session already; `kept` are
    the files that stay open beside those streams.
    """
    code = 1
    try:
        _forget_the_supervisor(kept)
        os.environ.update(environment)
        setproctitle(f"engine: {name}")
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        main()
        code = 0
    except SystemExit as end:
        code = _exit_code(end)
    finally:
        # Whatever went wrong: the supervisor's own code must not go on in the copy.
        if sys.exception():
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _forget_the_supervisor(kept: Sequence[int]) -> None:
    # What the supervisor held is never freed here: closing a file of it would close one of ours.
    gc.freeze()
    gc.enable()
    first = FIRST_FILE
    for number in sorted(kept):
        os.closerange(first, number)
        first = number + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))
    logging.getLogger("aiokafka").setLevel(logging.NOTSET)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdout, sys.stderr = _written_at_once(1), _written_at_once(2)


def _written_at_once(number: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.FileIO(number, "w", closefd=False),
        encoding="utf-8",
        errors="backslashreplace",
        write_through=True,
    )


def _exit_code(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    sys.stderr.write(f"{end.code}\n")
    return 1
