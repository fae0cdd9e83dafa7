"""Starts orders that their clients named, once the projection tells that they are no repeats."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import NoReturn

from streams.partition import Partition
from streams.recovery import Connection, ProjectionAway, connect, read_winners

logger = logging.getLogger(__name__)

_PAUSE = timedelta(milliseconds=20)
_PAUSE_AWAY = timedelta(seconds=1)


async def confirm_placements(database_url: str, partitions: Mapping[int, Partition]) -> NoReturn:
    """Ask the projection about unconfirmed placements, all in one look-up, until cancelled."""
    while True:
        try:
            async with connect(database_url) as connection:
                while True:
                    await _confirm(connection, partitions)
                    await asyncio.sleep(_PAUSE.total_seconds())
        except ProjectionAway as away:
            logger.warning("confirmation waits", extra={"why": str(away)})
            await asyncio.sleep(_PAUSE_AWAY.total_seconds())


async def _confirm(connection: Connection, partitions: Mapping[int, Partition]) -> None:
    placements = {number: dict(p.unconfirmed) for number, p in partitions.items() if p.unconfirmed}
    if not placements:
        return
    for number, order_id, placed_offset in await read_winners(connection, placements):
        partition = partitions.get(number)
        if partition is not None and order_id in partition.unconfirmed:
            partition.confirm(order_id, placed_offset)
