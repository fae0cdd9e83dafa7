"""The local clock of a process, which a test of reliability can set wrong."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from runtime.settings import Settings

logger = logging.getLogger(__name__)


def local_clock(settings: Settings) -> Callable[[], datetime]:
    """Return the process's clock (UTC), as wrong as ENGINE_CLOCK_OFFSETS says."""
    offset = settings.clock_offset
    if not offset:
        return utc_now
    logger.warning("the clock of this process is set wrong", extra={"by": str(offset)})
    return lambda: utc_now() + offset


def utc_now() -> datetime:
    """Return the present moment by the machine's clock."""
    return datetime.now(UTC)
