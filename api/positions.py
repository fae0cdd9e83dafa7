"""Read your writes: a write answers where it stands in the log, a read waits until that is read.

For clients the text is opaque.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request

from api.errors import INVALID_LOG_POSITION, PROJECTION_LAGGING, Refusal
from api.ports import Lists
from api.progress import Progress
from api.slots import Slots

HEADER = "X-Log-Position"
SOON = timedelta(seconds=1)
MAX_LENGTH = 100
_POSITION = re.compile(rb"1:(\d{1,9}):(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Position:
    """A record's place in the log."""

    partition: int
    offset: int


def encode(position: Position) -> str:
    """Return the text that clients are given."""
    return urlsafe_b64encode(f"1:{position.partition}:{position.offset}".encode()).decode()


def decode(text: str) -> Position | None:
    """Return the position that `encode` wrote, or None for any other text."""
    try:
        found = _POSITION.fullmatch(urlsafe_b64decode(text[:MAX_LENGTH].encode()))
    except ValueError:
        return None
    return Position(int(found[1]), int(found[2])) if found else None


class Positions:
    """Lets reads wait until the projection has passed what their client wrote."""

    def __init__(
        self, lists: Lists, progress: Progress, partitions: int, patience: timedelta, slots: Slots
    ) -> None:
        self._lists = lists
        self._progress = progress
        self._partitions = partitions
        self._patience_s = patience.total_seconds()
        self._slots = slots

    async def passed(self, request: Request) -> None:
        """Return when the request may be answered. Raises `Refusal` and `ReadModelAway`."""
        text = request.headers.get(HEADER)
        if text is None:
            return
        position = decode(text)
        if position is None or position.partition >= self._partitions:
            raise Refusal(INVALID_LOG_POSITION)
        with self._slots:
            await self._passed(position)

    async def _passed(self, position: Position) -> None:
        partition, end = position.partition, position.offset + 1
        if await self._progress.reached(partition, end, self._patience_s):
            return
        behind = end - (await self._lists.next_offsets()).get(partition, 0)
        if behind > 0:
            raise Refusal(PROJECTION_LAGGING, retry_after=SOON, behind=behind)
