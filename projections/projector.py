"""The life of a projector: stand by, take over, project; begin again when something is away."""

import asyncio
import logging
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn

import psycopg
from aiokafka.errors import KafkaError
from psycopg import AsyncConnection

from orders.topics import Topics
from projections.active import Active
from projections.connection import connect
from projections.consumer import EventLog, open_log
from projections.dead_letters import DeadLetters
from projections.lease import Candidate, Lease, LeaseLost
from projections.outage import Outage
from projections.pace import Pace
from projections.settings import ProjectorSettings
from projections.store import Store
from projections.tables import enter, stored_offsets
from projections.upkeep import refit, tidying, unfit_tables
from runtime.appender import Appender, NotAcknowledged
from runtime.crash import Reached

_REMEMBERED = 50_000
_POLL = timedelta(seconds=1)
_RELEASE_TIMEOUT = timedelta(seconds=1)
_AWAY = (
    *(KafkaError, NotAcknowledged),
    *(psycopg.OperationalError, psycopg.InterfaceError),
    # The server ended a transaction that stood still, or is about to hand over to another.
    *(psycopg.errors.IdleInTransactionSessionTimeout, psycopg.errors.ReadOnlySqlTransaction),
    # Tables that were dropped are made again from the log.
    *(psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName),
    *(TimeoutError, ConnectionError),
)

logger = logging.getLogger(__name__)


class Projector:
    """One of the projectors that may run; the one with the lease writes, the others stand by."""

    def __init__(
        self,
        settings: ProjectorSettings,
        appender: Appender,
        announce: Callable[[], None],
        reached: Reached,
    ) -> None:
        self._settings = settings
        self._announce = announce
        self._reached = reached
        self._topics = Topics(settings.topic_prefix)
        self._dead_letters = DeadLetters(appender, self._topics)
        self._pace = Pace(settings.projector_batch, settings.lease / 6, settings.linger)
        self._outage = Outage()

    async def run(self) -> NoReturn:
        """Project until cancelled; Kafka and PostgreSQL may go away and come back meanwhile.

        Raises what starting again does not mend: `WrongTopic`, `WrongPartitions`, `NewerSchema`,
        `NewerLayout`, and whatever nobody thought of.
        """
        while True:
            try:
                await self._session()
            except LeaseLost as error:
                logger.warning("lease lost", extra={"action": "lease_lost", "why": str(error)})
            except _AWAY as error:
                await asyncio.sleep(self._outage.goes_on(error).total_seconds())

    async def _session(self) -> None:
        settings, topic = self._settings, self._topics.events
        async with (
            open_log(settings.kafka, topic, settings.partitions) as log,
            await connect(settings) as connection,
        ):
            if await unfit_tables(connection, settings.partitions):
                self._announce()
                await refit(connection, log, settings)
            lease = await self._acquire(connection, log)
            try:
                store = await Store.open(connection, lease, _REMEMBERED, self._reached)
                self._announce()
                url = settings.database_url
                active = Active(log, store, lease, self._dead_letters, self._pace, url)
                async with tidying(url):
                    await active.run(self._outage.is_over)
            finally:
                await _release(connection, lease)

    async def _acquire(self, connection: AsyncConnection, log: EventLog) -> Lease:
        name = f"{self._settings.process}@{socket.gethostname()}"
        candidate = Candidate(connection, name, self._settings.lease)
        standing_by = False
        while True:
            seen = await candidate.look()
            if seen.is_free:
                # Whoever cannot read the log leaves the lease to those who can.
                await enter(connection)
                await log.check(await stored_offsets(connection))
                if lease := await candidate.take(seen):
                    self._begin(lease, from_stalled=seen.alive)
                    return lease
            elif not standing_by:
                standing_by = True
                self._stand_by(seen.holder)
            await candidate.wait(min(_POLL.total_seconds(), max(0.05, seen.seconds_left)))

    def _stand_by(self, holder: str) -> None:
        self._announce()
        self._outage.is_over()
        logger.info("standing by", extra={"action": "stand_by", "holder": holder})

    def _begin(self, lease: Lease, *, from_stalled: bool) -> None:
        if from_stalled:
            self._pace.halve()
        logger.info("lease taken", extra={"action": "lease_taken", "epoch": lease.epoch})


async def _release(connection: AsyncConnection, lease: Lease) -> None:
    try:
        async with asyncio.timeout(_RELEASE_TIMEOUT.total_seconds()):
            await lease.release()
    except (psycopg.Error, TimeoutError):
        # Without its connection the lease is free as well.
        await connection.close()
