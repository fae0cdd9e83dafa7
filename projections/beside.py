"""A second process that folds half of the partitions of a rebuild, for who folds the other half."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context

import psycopg
import uvloop
from aiokafka.errors import KafkaError

from orders.errors import NewerSchema
from projections.batch import Hole
from projections.connection import connect_as
from projections.consumer import open_log
from projections.folding import Folding
from projections.fresh import opened_tables
from projections.numbering import KeptNumbers, NumbersLost
from projections.tables import enter
from runtime.garbage import collect_rarely
from runtime.headers import tolerate_any_names

_SILENCE = timedelta(seconds=30)
_LIMITS = {"idle_session_timeout": "60s"}
_NAME = "engine-rebuild-beside"
_SAID_BY_THE_OTHER = (
    *(NumbersLost, Hole, NewerSchema, KeyboardInterrupt),
    *(TimeoutError, KafkaError, psycopg.Error),
)


@dataclass(frozen=True, slots=True)
class Half:
    """What is folded into which tables: of each partition up to its goal, of some nothing."""

    kafka: str
    topic: str
    url: str
    schema: str
    goal: Mapping[int, int]


@contextmanager
def folded_beside(half: Half) -> Iterator[Callable[[], bool]]:
    """Fold this half until the block ends; yield what tells whether that is still under way.

    What it has not folded in the end is the caller's to fold, who meets what was in its way.
    """
    process = get_context("spawn").Process(target=_run, args=(half,), daemon=True)
    process.start()
    try:
        yield process.is_alive
    finally:
        process.kill()
        process.join()


def _run(half: Half) -> None:
    collect_rarely()
    tolerate_any_names()
    with suppress(*_SAID_BY_THE_OTHER):
        uvloop.run(_fold(half))


async def _fold(half: Half) -> None:
    async with (
        open_log(half.kafka, half.topic, len(half.goal)) as log,
        await connect_as(_NAME, half.url, _SILENCE, _LIMITS) as live,
        opened_tables(half.url, half.schema) as fresh,
    ):
        await enter(live)
        await Folding(live, log, fresh, KeptNumbers(live), _untold).fold(half.goal)


def _untold(_done: int, _total: int) -> None:
    """Tell nobody: who folds the other half does."""
