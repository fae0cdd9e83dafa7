"""One client with one connection that waits for each answer: what it sees of a server's time.

`bench.hammer` loads a server from a process of its own; this one asks several servers by turns.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httptools

PATIENCE_S = 10
_AT_ONCE = 65_536


class Caller:
    """GETs one path after the other."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._connection, self._host = connection, host
        self._whole = False

    def get(self, path: str) -> float:
        """Return after how many seconds the whole answer was there.

        Raises OSError when none comes, RuntimeError unless its status is 200.
        """
        self._whole, parser = False, httptools.HttpResponseParser(self)
        request = f"GET {path} HTTP/1.1\r\nhost: {self._host}\r\n\r\n".encode()
        began = time.perf_counter()
        self._connection.sendall(request)
        while not self._whole:
            if not (data := self._connection.recv(_AT_ONCE)):
                raise ConnectionResetError(f"{path}: closed before its answer was whole")
            parser.feed_data(data)
        took = time.perf_counter() - began
        if parser.get_status_code() != 200:
            raise RuntimeError(f"{path}: {parser.get_status_code()}")
        return took

    def on_message_complete(self) -> None:
        """Hear from the parser that nothing is missing."""
        self._whole = True


@contextmanager
def calling(url: str) -> Iterator[Caller]:
    """Open a connection to the server at this URL."""
    address = urlsplit(url)
    where = address.hostname or "", address.port or 80
    with socket.create_connection(where, timeout=PATIENCE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Caller(connection, address.netloc)
