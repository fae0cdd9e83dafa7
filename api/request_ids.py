"""Gives every request an id and every answer that id; the last net for what nobody foresaw."""

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import timedelta

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ENGINE_STOPPING, INTERNAL, Refusal, answer
from api.given import header

HEADER = "X-Request-Id"
SOON = timedelta(seconds=1)
_RAW = HEADER.lower().encode()
_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")

logger = logging.getLogger(__name__)


class RequestIds:
    """Takes the client's `X-Request-Id` or makes one; routes find it in `request.state`."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], str]) -> None:
        self._app = app
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and mark its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = header(scope["headers"], _RAW) or ""
        request_id = given if _SANE.fullmatch(given) else self._new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        begun = False

        async def marked(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                told = (_RAW, request_id.encode())
                message["headers"] = [*message.get("headers", ()), told]
            await send(message)

        try:
            await self._app(scope, receive, marked)
        except asyncio.CancelledError:
            # The process stops and has waited long enough for this request.
            if begun:
                raise
            await answer(Refusal(ENGINE_STOPPING, retry_after=SOON), scope)(scope, receive, marked)
        except Exception:
            logger.exception(
                "request failed", extra={"request_id": request_id, "path": scope["path"]}
            )
            if begun:
                raise
            await answer(Refusal(INTERNAL), scope)(scope, receive, marked)
