"""Speaks HTTP with one client: what is no request is answered in this API's own form.

A request's head (its first line and headers) is bounded in size and in time.
"""

import asyncio
import logging
from http import HTTPStatus
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api import exact
from api.body import WHOLE
from api.errors import BAD_REQUEST, HEAD_TIMEOUT, HEAD_TOO_LARGE, MEDIA_TYPE, Refusal
from api.one_piece import OnePiece
from api.request_ids import HEADER
from api.safety import OF_ANSWER

MAX_BYTES = 64 * 1024
TIMEOUT_S = 10.0
LONGEST_PATH = 1024
SAFE_HEAD = "".join(f"{name}: {value}\r\n" for name, value in OF_ANSWER)


def raw_answer(refusal: Refusal, url: bytes) -> bytes:
    """Return the whole answer to what never becomes a request; the connection ends with it."""
    path = url[:LONGEST_PATH].partition(b"?")[0].decode(errors="replace")
    request_id = str(uuid4())
    about = {"instance": path or "/", "requestId": request_id}
    body = exact.write({**refusal.body, **about})
    status = HTTPStatus(refusal.kind.status)
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n"
        f"{HEADER}: {request_id}\r\n{SAFE_HEAD}\r\n"
    )
    return head.encode() + body


class HeadTooLarge(Exception):
    """The head of a request is larger than this API reads."""


class HttpProtocol(HttpToolsProtocol):
    """One connection; it is cut when a head is too large, too slow or no HTTP."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's is of TCP
        """Give the client as long for its first byte as between two requests."""
        # What one client does wrong is said to that client, not in the log of all.
        self.logger = logging.getLogger("uvicorn.error.clients")
        self._in_head = False
        self._size = 0
        self._no_body = 0
        self._too_late: asyncio.TimerHandle | None = None
        self._upgraded = False
        self.url = b""
        super().connection_made(transport)
        self.transport = self._one_piece = OnePiece(transport, self.loop)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._unset_keepalive_if_required()
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; of what is no body no more is held than the limit and what came at once."""
        self._no_body += len(data)
        super().data_received(data)
        if self._upgraded or self.transport.is_closing():
            self._in_time()
        elif self._no_body > MAX_BYTES:
            self._refuse(Refusal(HEAD_TOO_LARGE))
        elif self._idle and self._too_late is None:
            self._too_late = self.loop.call_later(TIMEOUT_S, self._cut)

    def on_message_begin(self) -> None:
        """Begin to read a head."""
        self._in_head = True
        self._size = self._no_body = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or one that follows the body."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the application answer."""
        self._in_time()
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, which the application bounds."""
        self._no_body -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Remember that the whole request has come."""
        self.scope["state"][WHOLE] = True
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over."""
        self._upgraded = True
        self.transport = self._one_piece.connection
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(Refusal(HEAD_TOO_LARGE if self._size > MAX_BYTES else BAD_REQUEST))

    @property
    def _idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MAX_BYTES:
            raise HeadTooLarge

    def _in_time(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None

    def _cut(self) -> None:
        if self._in_head and not self.transport.is_closing():
            self._refuse(Refusal(HEAD_TIMEOUT))
        else:
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        self._in_time()
        # An earlier request that is being answered must not get this for its answer.
        if self._idle or (self.cycle.more_body and not self.cycle.response_started):
            self.transport.write(raw_answer(refusal, self.url))
        self.transport.close()
