"""Which projector is active: one row with an epoch, judged by the database's clock."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg import AsyncConnection

_LOOK = """
select l.holder, l.epoch, a.pid is not null as alive,
       extract(epoch from l.expires_at - clock_timestamp())::float8 as seconds_left
from public.projection_lease l
left join pg_stat_activity a on a.pid = l.backend_pid and a.backend_start = l.backend_start
"""

# A holder that stands still may hold the row, or the middle of a COPY: only this ends it.
_TERMINATE = """
select pg_terminate_backend(a.pid, 1000)
from public.projection_lease l
join pg_stat_activity a on a.pid = l.backend_pid and a.backend_start = l.backend_start
where l.epoch = %s and l.expires_at <= clock_timestamp()
"""

_TAKE = """
update public.projection_lease l
set holder = %s, epoch = l.epoch + 1, backend_pid = a.pid, backend_start = a.backend_start,
    expires_at = clock_timestamp() + %s
from pg_stat_activity a
where a.pid = pg_backend_pid() and l.epoch = %s
returning l.epoch
"""

_LOCK = "select epoch from public.projection_lease for update"

RENEW = """
update public.projection_lease set expires_at = clock_timestamp() + %s where epoch = %s
returning epoch
"""
"""Takes the `terms` of a lease; answers nothing when it is lost."""

_RELEASE = """
with released as (
    update public.projection_lease set expires_at = clock_timestamp(), backend_pid = null
    where epoch = %s returning epoch
)
select pg_notify('projection_lease', '') from released
"""


_DEPOSE = """
with deposed as (
    update public.projection_lease
    set epoch = epoch + 1, expires_at = clock_timestamp(), backend_pid = null returning epoch
)
select pg_notify('projection_lease', '') from deposed
"""


class LeaseLost(Exception):
    """Another projector is active now: what this one holds in memory may be old."""


async def hold_up(connection: AsyncConnection) -> None:
    """Let nobody write, or take the lease, until the connection's transaction ends."""
    await connection.execute(_LOCK)


async def depose(connection: AsyncConnection) -> None:
    """End the present holder's right to write when the connection's transaction is committed."""
    await connection.execute(_DEPOSE)


@dataclass(frozen=True, slots=True)
class Holding:
    """The lease as the database shows it; `alive` says whether the holder is still connected."""

    holder: str
    epoch: int
    alive: bool
    seconds_left: float

    @property
    def is_free(self) -> bool:
        """Return whether someone else may take it: a holder without connection writes nothing."""
        return not self.alive or self.seconds_left <= 0


class Lease:
    """The right to write, held by one connection until it expires, is released or taken."""

    def __init__(self, connection: AsyncConnection, epoch: int, duration: timedelta) -> None:
        self._connection = connection
        self.duration = duration
        self.epoch = epoch

    @property
    def terms(self) -> tuple[timedelta, int]:
        """Return for how long it is renewed, and its epoch."""
        return self.duration, self.epoch

    async def renew(self) -> None:
        """Begin its time anew; in a transaction nobody else takes it before that ends.

        Raises `LeaseLost`.
        """
        self.require(await (await self._connection.execute(RENEW, self.terms)).fetchone())

    def require(self, renewed: tuple[Any, ...] | None) -> tuple[Any, ...]:
        """Return the row that a renewal answered; raise `LeaseLost` when there is none."""
        if renewed is None:
            raise LeaseLost(f"epoch {self.epoch} of the lease is over")
        return renewed

    async def release(self) -> None:
        """Let a standby take it at once."""
        await self._connection.execute(_RELEASE, (self.epoch,))


class Candidate:
    """A projector that waits for the lease."""

    def __init__(self, connection: AsyncConnection, name: str, duration: timedelta) -> None:
        self._connection = connection
        self._name = name
        self.duration = duration

    async def look(self) -> Holding:
        """Return who holds the lease, and for how long."""
        row = await (await self._connection.execute(_LOOK)).fetchone()
        if row is None:
            raise LeaseLost("the lease has no row")
        return Holding(*row)

    async def take(self, seen: Holding) -> Lease | None:
        """Return the lease, or None when it is no longer as it was seen.

        A holder that let it expire loses its connection first.
        """
        if seen.alive:
            await self._connection.execute(_TERMINATE, (seen.epoch,))
            seen = await self.look()
        if seen.alive:
            return None
        values = (self._name, self.duration, seen.epoch)
        row = await (await self._connection.execute(_TAKE, values)).fetchone()
        await self._connection.execute("unlisten *")
        return Lease(self._connection, row[0], self.duration) if row else None

    async def wait(self, seconds: float) -> None:
        """Return after so long, or as soon as somebody releases the lease."""
        await self._connection.execute("listen projection_lease")
        async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
            pass
