"""Sends the head of an answer together with what follows it: each write is a call to the system."""

import asyncio

HEAD = b"HTTP/1.1 "


class OnePiece(asyncio.Transport):
    """A connection that keeps a head for the next write, or until the turn of the loop is over."""

    def __init__(self, connection: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.connection = connection
        self._loop = loop
        self._head: bytes | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send this, with the head before it; a head only with what comes after it."""
        if self._head is not None:
            head, self._head = self._head, None
            self.connection.write(head + data)
        elif data[: len(HEAD)] == HEAD:
            self._head = bytes(data)
            self._loop.call_soon(self._flush)
        else:
            self.connection.write(data)

    def close(self) -> None:
        """Send what is kept, then close."""
        self._flush()
        self.connection.close()

    def is_closing(self) -> bool:
        """Return whether it is, or is about to be, closed."""
        return self.connection.is_closing()

    def _flush(self) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self.connection.write(head)
