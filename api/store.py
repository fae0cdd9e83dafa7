"""Where rate limits are counted: in this process, or in a store that all processes share.

An engine of orders does not stop for its limiter: while the store is away, nothing is limited.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from limits.aio.storage import MemoryStorage, RedisStorage
from limits.errors import StorageError
from pydantic import SecretStr

PATIENCE_S = 0.25
PAUSE_S = 1.0
CONNECTIONS = 32

T = TypeVar("T")
AnyStorage = MemoryStorage | RedisStorage

logger = logging.getLogger(__name__)


class Memory(MemoryStorage):
    """Counts in this process.

    The library's own looks through all counters at each request for those that have run out, which
    takes the longer the more users there are; this one looks once a second.
    """

    _looks_at = 0.0

    async def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802  (private, as it is there)
        now = asyncio.get_running_loop().time()
        if now >= self._looks_at:
            self._looks_at = now + PAUSE_S
            await super()._MemoryStorage__schedule_expiry()  # type: ignore[misc]  # private


class Store:
    """Asks the storage, for at most a moment; after it kept silent, only now and then."""

    def __init__(self, storage: AnyStorage, *, shared: bool) -> None:
        self.storage = storage
        self.shared = shared
        self._away = False
        self._ask_again_at = 0.0

    async def answer(self, question: Callable[[], Awaitable[T]]) -> T | None:
        """Return what the storage answers, or None while it is away."""
        now = asyncio.get_running_loop().time()
        if self._away and now < self._ask_again_at:
            return None
        self._ask_again_at = now + PAUSE_S
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await question()
        except (StorageError, OSError) as error:
            self._missed(error)
            return None
        if self._away:
            logger.info("store of rate limits is there again")
        self._away = False
        return answer

    def _missed(self, error: Exception) -> None:
        if not self._away:
            why = type(error.__cause__ or error).__name__
            logger.warning(
                "store of rate limits is away, so nothing is limited", extra={"why": why}
            )
        self._away = True


@asynccontextmanager
async def open_store(url: SecretStr | None) -> AsyncIterator[Store]:
    """Yield the store of that address, or one in this process; neither is asked anything yet."""
    if url is None:
        yield Store(Memory(), shared=False)
        return
    from valkey.asyncio import BlockingConnectionPool  # noqa: PLC0415  (slow, and rarely wanted)

    address = url.get_secret_value()
    pool = BlockingConnectionPool.from_url(
        address,
        max_connections=CONNECTIONS,
        timeout=PATIENCE_S,
        socket_timeout=PATIENCE_S,
        socket_connect_timeout=PATIENCE_S,
    )
    storage = RedisStorage(
        f"async+{address}",
        wrap_exceptions=True,
        implementation="valkey",
        connection_pool=pool,  # type: ignore[arg-type]  # the library's types know no pool
    )
    try:
        yield Store(storage, shared=True)
    finally:
        await pool.disconnect()
