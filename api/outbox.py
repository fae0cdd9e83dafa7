"""What one WebSocket client has not taken yet: bounded in messages and in bytes."""

import asyncio
from collections import deque
from collections.abc import Callable

MOST_BYTES = 4 * 1024 * 1024


def nothing() -> None:
    """Do nothing: most messages need no note that they are on their way."""


class Outbox:
    """Messages in the order in which they are sent; whoever is too far behind is dropped.

    What a client asked to be told again waits for room (`ready`, holding `turn`, then `put`); what
    happens meanwhile does not.
    """

    def __init__(self, most: int, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._messages: deque[tuple[str, Callable[[], None]]] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()
        self.turn = asyncio.Lock()

    def put(self, text: str, sent: Callable[[], None] = nothing) -> bool:
        """Add a message unless there is no room; `sent` is called when it is on its way."""
        size = _bytes(text)
        if len(self._messages) >= self._most or self._bytes + size > self._most_bytes:
            return False
        self._messages.append((text, sent))
        self._bytes += size
        self._changed.set()
        return True

    async def take(self) -> tuple[str, Callable[[], None]]:
        """Return the next message when there is one, and what to call once it has been sent."""
        while not self._messages:
            self._changed.clear()
            await self._changed.wait()
        text, sent = self._messages.popleft()
        self._bytes -= _bytes(text)
        self._changed.set()
        return text, sent

    async def ready(self) -> None:
        """Return when at least half of the room is free."""
        while len(self._messages) > self._most // 2 or self._bytes > self._most_bytes // 2:
            self._changed.clear()
            await self._changed.wait()


def _bytes(text: str) -> int:
    # Most are ASCII, which a text knows of itself.
    return len(text) if text.isascii() else len(text.encode())
