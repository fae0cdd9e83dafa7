"""A connection that became a WebSocket: what the server does by itself for it is bounded, too.

What its messages ask for is not seen here.
"""

from http import HTTPStatus

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

from api.errors import BAD_REQUEST, Refusal
from api.heads import raw_answer

MOST_PIECES = 1000
MOST_PONGS = 1000


class SocketProtocol(WebSocketsSansIOProtocol):
    """The server's protocol for WebSockets, for clients that flood it or cannot be understood."""

    _pongs = 0

    def data_received(self, data: bytes) -> None:
        """Read on; a handshake, which comes whole, is refused when it is none."""
        super().data_received(data)
        if not self.handshake_initiated:
            # One that the library cannot even read it passes over: nobody else would answer it.
            url = data.split(b" ", 2)[1]
            self.transport.write(raw_answer(Refusal(BAD_REQUEST), url))
            self.transport.close()

    def handle_connect(self, event: Request) -> None:
        """Begin to serve, if the handshake is one."""
        if self.conn.accept(event).status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            super().handle_connect(event)

    def handle_ping(self) -> None:
        """Answer; whoever goes on asking and reads no answer is cut."""
        self._pongs = 0 if self.writable.is_set() else self._pongs + 1
        if self._pongs <= MOST_PONGS:
            super().handle_ping()
        else:
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        """Take a piece of a message; without bytes their number alone is what grows."""
        if len(self.frames) < MOST_PIECES:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.send_close(CloseCode.MESSAGE_TOO_BIG)
            self.handle_parser_exception()
