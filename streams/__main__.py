"""Run `python -m streams worker` or `delays`; the only code here that makes ids and clocks."""

import asyncio
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import uvloop
from aiokafka.errors import KafkaConnectionError

from orders.errors import NewerSchema
from runtime.clock import local_clock
from runtime.garbage import collect_rarely
from runtime.headers import tolerate_any_names
from runtime.logs import configure
from runtime.ready import announce
from runtime.settings import CONFIGURATION_ERROR, stop
from streams.settings import StreamSettings
from streams.tail import WrongLog, WrongPartitions
from streams.worker import Sources, Worker, delays_worker, stream_worker

LAST_WORDS_S = 1
ROLES = {"worker": stream_worker, "delays": delays_worker}


async def run(role: str, settings: StreamSettings) -> None:
    """Run until SIGTERM or SIGINT; raise what the worker crashed of.

    Ends the process with a sentence where starting it again would be no use.
    """
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    sources = Sources(local_clock(settings), time.monotonic, event_ids())
    try:
        with TemporaryDirectory(prefix="engine-", dir=settings.scratch_dir) as scratch:
            await _serve(ROLES[role](settings, sources, scratch), settings.ready_file, stopping)
    except (NewerSchema, WrongLog, WrongPartitions) as error:
        sentence = str(error)
        _end_saying(f"{sentence[:1].upper()}{sentence[1:]}.")
    except KafkaConnectionError as error:
        # Whoever started it starts it again; it comes back by recovery.
        logging.getLogger(__name__).warning("Kafka is away", extra={"why": str(error)})
        raise SystemExit(1) from None


def event_ids() -> Callable[[], str]:
    """Return what makes the ids of this process: 64 random bits that it has alone, and a count."""
    ours, numbers = secrets.token_hex(8), count(1)
    return lambda: f"{ours}{next(numbers):016x}"


async def _serve(
    start: AbstractAsyncContextManager[Worker], ready_file: Path | None, stopping: asyncio.Event
) -> None:
    async with start as worker:
        await _first(worker.ready.wait(), stopping.wait(), worker.app.wait_until_stopped())
        if worker.ready.is_set():
            announce(ready_file)
        await _first(stopping.wait(), worker.app.wait_until_stopped())
        if worker.app.crash_reason:
            raise worker.app.crash_reason


async def _first(*events: Coroutine[None, None, object]) -> None:
    tasks = [asyncio.ensure_future(event) for event in events]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def _end_saying(sentence: str) -> NoReturn:
    # At once, with the loop still there, and from now on nobody logs: threads of Faust that miss
    # their loop, or tasks whose failure nobody asked for, would have the last word.
    for handler in logging.getLogger().handlers:
        if handler.lock is not None:
            handler.lock.acquire(timeout=LAST_WORDS_S)
    try:
        stop(sentence)
    finally:
        sys.stderr.flush()
        os._exit(CONFIGURATION_ERROR)


def main() -> None:
    """Start the role named on the command line."""
    role = sys.argv[1] if len(sys.argv) == 2 else ""
    if role not in ROLES:
        stop("Say which worker to run: python -m streams worker, or python -m streams delays.")
    settings = StreamSettings.read()
    configure(settings.process, as_json=settings.log_json, level=settings.log_level)
    # The client says many times a second that a broker is away; what waits for it says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    tolerate_any_names()
    collect_rarely()
    # Faust reads in a thread of its own, and makes its loop itself.
    uvloop.install()
    uvloop.run(run(role, settings))


if __name__ == "__main__":
    main()
