"""Where an unexpected exception of a task ends: it becomes a value like any other failure."""

import logging
from collections.abc import Awaitable
from types import TracebackType
from typing import Self, TypeVar

from orders.errors import Code, Reason

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Caught:
    """Ends an unexpected exception of the block it is entered for: a fault of ours, logged.

    `reason`, with code INTERNAL, is there once it `failed`. A block and no coroutine: a task that
    wakes goes through each of those it waits in.
    """

    reason: Reason
    failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, Exception):
            said = {"action": "reaction_failed"}
            logger.error("reaction failed", extra=said, exc_info=error)
            message = f"unexpected {type(error).__name__}"
            self.failed, self.reason = True, Reason(code=Code.INTERNAL, message=message)
        return self.failed


async def internal_on_error(call: Awaitable[T]) -> T | Reason:
    """Return the call's result, or why there is none when it raised; see `Caught`."""
    with Caught() as caught:
        return await call
    return caught.reason
