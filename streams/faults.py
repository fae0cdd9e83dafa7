"""Where the unexpected exception of an agent ends: it stops the worker."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


@asynccontextmanager
async def stop_on_error(
    crash: Callable[[BaseException], Awaitable[None]],
) -> AsyncIterator[None]:
    """Crash the worker on any exception: left alone, Faust would log it, acknowledge and go on."""
    try:
        yield
    except Exception as error:
        await crash(error)
        raise
