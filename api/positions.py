"""Read your writes: a write answers where it stands in the log, a read waits until that is read.

For clients the text is opaque.
"""

import asyncio
import re
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple

from starlette.requests import Request

from api.callers import caller_of
from api.errors import INVALID_LOG_POSITION, PROJECTION_LAGGING, Refusal
from api.ports import Lists
from api.progress import Progress
from api.slots import Shares

HEADER = "X-Log-Position"
SOON = timedelta(seconds=1)
MAX_LENGTH = 4096
_PLACE = rb"\d{1,9}:\d{1,18}"
_POSITIONS = re.compile(rb"1:(" + _PLACE + rb"(?:," + _PLACE + rb")*)")


class Position(NamedTuple):
    """A record's place in the log."""

    partition: int
    offset: int


def encode(*positions: Position) -> str:
    """Return the text that clients are given; of a partition it tells the last place."""
    if len(positions) == 1:
        text = b"1:%d:%d" % positions[0]
    else:
        text = b"1:" + b",".join([b"%d:%d" % place for place in _last(positions)])
    # Of digits, colons and commas Base64 never makes a + or a /: it is fit for an address.
    return b2a_base64(text, newline=False).decode()


def decode(text: str) -> list[Position]:
    """Return the positions that `encode` wrote, none for any other text."""
    try:
        found = _POSITIONS.fullmatch(urlsafe_b64decode(text[:MAX_LENGTH].encode()))
    except ValueError:
        return []
    places = (place.split(b":") for place in found[1].split(b",")) if found else ()
    positions = [Position(int(partition), int(offset)) for partition, offset in places]
    # What is no letter of such a text is passed over when it is read.
    return positions if encode(*positions) == text else []


def _last(positions: Iterable[Position]) -> Iterable[tuple[int, int]]:
    last: dict[int, int] = {}
    for partition, offset in positions:
        last[partition] = max(offset, last.get(partition, 0))
    return last.items()


class Positions:
    """Lets reads wait until the projection has passed what their client wrote."""

    def __init__(
        self, lists: Lists, progress: Progress, partitions: int, patience: timedelta, shares: Shares
    ) -> None:
        self._lists = lists
        self._progress = progress
        self._partitions = partitions
        self._patience_s = patience.total_seconds()
        self._shares = shares

    async def passed(self, request: Request) -> None:
        """Return when the request may be answered. Raises `Refusal` and `ReadModelAway`."""
        text = request.headers.get(HEADER)
        if text is None:
            return
        wanted = {one.partition: one.offset + 1 for one in decode(text.strip(" \t"))}
        if not wanted or max(wanted) >= self._partitions:
            raise Refusal(INVALID_LOG_POSITION)
        with self._shares.held_by(caller_of(request).user_id):
            await self._passed(wanted)

    async def _passed(self, ends: Mapping[int, int]) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._patience_s
        for partition, end in ends.items():
            if not await self._progress.reached(partition, end, max(0, deadline - clock())):
                break
        else:
            return
        offsets = await self._lists.next_offsets()
        behind = sum(max(0, end - offsets.get(partition, 0)) for partition, end in ends.items())
        if behind > 0:
            raise Refusal(PROJECTION_LAGGING, retry_after=SOON, behind=behind)
