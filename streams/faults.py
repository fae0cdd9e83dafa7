"""Where unexpected exceptions end: a task's becomes a value, an agent's stops the worker."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from orders.errors import Code, Reason

logger = logging.getLogger(__name__)
T = TypeVar("T")


async def internal_on_error(call: Awaitable[T]) -> T | Reason:
    """Return the call's result, or a reason with code INTERNAL when it raised: a fault of ours."""
    try:
        return await call
    except Exception as error:
        logger.exception("reaction failed", extra={"action": "reaction_failed"})
        return Reason(code=Code.INTERNAL, message=f"unexpected {type(error).__name__}")


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
