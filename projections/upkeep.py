"""What a projector does for its tables besides filling them: makes them anew, and tidies up."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import psycopg
from psycopg import AsyncConnection

from projections.consumer import EventLog
from projections.leftovers import remove_former
from projections.rebuild import RebuildUnderWay, rebuild
from projections.schema import LAYOUT, ensure, is_whole, make_readable
from projections.settings import ProjectorSettings

_POLL = timedelta(seconds=1)
_TELL_EVERY = timedelta(seconds=5)

logger = logging.getLogger(__name__)


async def unfit_tables(connection: AsyncConnection, partitions: int) -> str | None:
    """Return the schema of the tables, made if there were none, or None when all is well with them.

    Well is this engine's layout, and whole. Raises `WrongPartitions`, `NewerLayout`, psycopg's
    errors.
    """
    pointer = await ensure(connection, partitions)
    is_fit = pointer.layout == LAYOUT and await is_whole(connection, pointer.schema)
    return None if is_fit else pointer.schema


async def refit(connection: AsyncConnection, log: EventLog, settings: ProjectorSettings) -> None:
    """Rebuild the tables, or wait for whoever does; raise what `rebuild` raises."""
    logger.warning("rebuilding the tables", extra={"action": "rebuild_began"})
    url, partitions = settings.database_url, settings.partitions
    while schema := await unfit_tables(connection, partitions):
        with suppress(psycopg.Error):
            await make_readable(connection, schema)
        try:
            rebuilt = await rebuild(log, url, partitions, _Telling(), only=schema)
        except RebuildUnderWay:
            await asyncio.sleep(_POLL.total_seconds())
        else:
            told = {"schema": rebuilt.schema, "records": rebuilt.records}
            logger.info("tables rebuilt", extra={"action": "rebuild_ended", **told})


@asynccontextmanager
async def tidying(url: str) -> AsyncIterator[None]:
    """Meanwhile remove the tables that a rebuild has replaced, when their last reader is gone."""
    task = asyncio.create_task(_tidy(url))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _tidy(url: str) -> None:
    try:
        left = await remove_former(url)
    except psycopg.Error as error:
        logger.warning("former tables stay", extra={"action": "tidy_failed", "why": str(error)})
    else:
        if left:
            extra = {"action": "tidy_failed", "why": f"{', '.join(left)}: still read"}
            logger.warning("former tables stay", extra=extra)


class _Telling:
    """Logs how far a rebuild is, now and then."""

    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._told_at = self._clock()

    def __call__(self, done: int, total: int) -> None:
        now = self._clock()
        if now - self._told_at >= _TELL_EVERY.total_seconds():
            self._told_at = now
            extra = {"action": "rebuilding", "done": done, "total": total}
            logger.info("rebuilding", extra=extra)
