"""Where the unexpected exception of a task ends: it becomes a value like any other failure."""

import logging
from collections.abc import Awaitable
from typing import TypeVar

from orders.errors import Code, Reason

logger = logging.getLogger(__name__)
T = TypeVar("T")


async def internal_on_error(call: Awaitable[T]) -> T | Reason:
    """Return the call's result, or a reason with code INTERNAL when it raised: a fault of ours."""
    try:
        return await call
    except Exception as error:  # noqa: BLE001  (where the unexpected ends)
        return internal(error)


def internal(error: Exception) -> Reason:
    """Return the reason for an unexpected exception, which is logged."""
    logger.error("reaction failed", extra={"action": "reaction_failed"}, exc_info=error)
    return Reason(code=Code.INTERNAL, message=f"unexpected {type(error).__name__}")
