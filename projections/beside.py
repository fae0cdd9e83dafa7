"""A second process that folds half of the partitions of a rebuild, for who folds the other half."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from projections.connection import connect_as
from projections.consumer import open_log
from projections.folding import Folding
from projections.fresh import opened_tables
from projections.numbering import KeptNumbers
from projections.second import LIMITS, SILENCE, second_process
from projections.tables import enter

_NAME = "engine-rebuild-beside"


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
    """Fold this half until the block ends; yield what tells whether that is still under way."""
    with second_process(_fold, half) as process:
        yield process.is_alive


async def _fold(half: Half) -> None:
    async with (
        open_log(half.kafka, half.topic, len(half.goal)) as log,
        await connect_as(_NAME, half.url, SILENCE, LIMITS) as live,
        opened_tables(half.url, half.schema) as fresh,
    ):
        await enter(live)
        await Folding(live, log, fresh, KeptNumbers(live), _untold).fold(half.goal)


def _untold(_done: int, _total: int) -> None:
    """Tell nobody: who folds the other half does."""
