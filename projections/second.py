"""A second process that folds for the one that begins it, and that ends with it."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import ParamSpec

import psycopg
import uvloop
from aiokafka.errors import KafkaError

from orders.errors import NewerSchema
from projections.batch import Hole
from projections.numbering import NumbersLost
from runtime.garbage import collect_rarely
from runtime.headers import tolerate_any_names

SILENCE = timedelta(seconds=30)
LIMITS = {"idle_session_timeout": "60s"}
"""What its connections to PostgreSQL are opened with."""

_SAID_BY_THE_FIRST = (
    *(NumbersLost, Hole, NewerSchema, KeyboardInterrupt),
    *(TimeoutError, OSError, KafkaError, psycopg.Error),
)

P = ParamSpec("P")


@contextmanager
def second_process(
    work: Callable[P, Coroutine[object, object, None]], *args: P.args, **kwargs: P.kwargs
) -> Iterator[BaseProcess]:
    """Do this work in a process of its own until the block ends; it says nothing of its end.

    What it has not folded by then is the caller's to fold, who meets what was in its way.
    """
    process = get_context("spawn").Process(
        target=_run, args=(work, *args), kwargs=kwargs, daemon=True
    )
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def _run(
    work: Callable[P, Coroutine[object, object, None]], *args: P.args, **kwargs: P.kwargs
) -> None:
    collect_rarely()
    tolerate_any_names()
    with suppress(*_SAID_BY_THE_FIRST):
        uvloop.run(work(*args, **kwargs))
