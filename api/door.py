"""Lets WebSockets in, and watches how long they may stay.

The token comes with the handshake or as the first message; a later one prolongs the stay. The
routes are told when it is over as if their client had left.
"""

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import exact
from api.callers import ANYBODY, Caller, remember
from api.credentials import SUBPROTOCOL, expired, offers_subprotocol, token_in, token_of
from api.errors import FORBIDDEN, UNAUTHENTICATED, Refusal
from api.guard import Access, access_of
from api.rates import payer
from api.scopes import Scope as Allows

AUTH_TIMEOUT_S = 10.0
LAST_WORDS_S = 2.0
LONGEST_SLEEP_S = 3600.0
TRY_LATER = 1013
DIALOGUE = "/ws"
SAY_WHO = 'Say {"op":"auth","token":"…"} first.'
LEFT: Message = {"type": "websocket.disconnect", "code": 1005, "reason": ""}


class Left(Exception):
    """The client left before it was let in."""


class Door:
    """Serves the WebSockets of an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one in, or tell why not."""
        await receive()
        visit = Visit(scope, receive, send)
        async with AsyncExitStack() as counted:
            try:
                await visit.admit(counted)
            except Refusal as refusal:
                return await visit.end(refusal)
            except Left:
                return None
            return await visit.serve(self._app)


class Visit:
    """One WebSocket, from its handshake to its end."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._access: Access = access_of(scope)
        self._scope = scope
        self._receive = receive
        self._send = send
        self._caller = ANYBODY
        self._accepted = False
        self._connected = False
        self._prolonged = asyncio.Event()
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def admit(self, counted: AsyncExitStack) -> None:
        """Find out who it is; raise `Refusal`, or `Left`. It is counted until the stack ends."""
        access, client = self._access, self._scope["client"]
        access.origins.require(self._scope)
        if access.bearers is not None and token_of(self._scope) is None:
            async with access.crowd.member(payer(ANYBODY, client)):
                caller = await self._introduced()
        else:
            caller = await access.caller(self._scope)
        await access.pay(self._scope, caller, Allows.READ)
        caller.require(Allows.READ)
        await counted.enter_async_context(access.crowd.member(payer(caller, client)))
        self._let(caller)
        if self._accepted:
            await self._say(_welcome(caller))

    async def serve(self, app: ASGIApp) -> None:
        """Let the routes talk to it until either ends, or its time does."""
        if self._access.bearers is None:
            return await app(self._scope, self._hear, self._tell)
        watch = asyncio.create_task(self._watch())
        try:
            await app(self._scope, self._hear, self._tell)
        finally:
            if not self._over.done():
                watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def end(self, refusal: Refusal) -> None:
        """Tell why it is not served, or no more, and close it."""
        status = refusal.kind.status
        code = TRY_LATER if status == 503 else 4000 + status
        with suppress(TimeoutError, OSError, RuntimeError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._accept()
                await self._say(self._error(refusal))
        with suppress(TimeoutError, OSError, RuntimeError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._send({"type": "websocket.close", "code": code, "reason": ""})

    async def _introduced(self) -> Caller:
        """The caller, by a message of the client."""
        await self._accept()
        await self._say({"type": "authenticate", "withinSeconds": round(AUTH_TIMEOUT_S)})
        try:
            async with asyncio.timeout(AUTH_TIMEOUT_S):
                token = await self._first_token()
        except TimeoutError:
            raise Refusal(UNAUTHENTICATED, "No token came in time: connect again.") from None
        return await self._access.caller(self._scope, token)

    async def _first_token(self) -> str:
        while (message := await self._receive())["type"] != "websocket.disconnect":
            try:
                token = token_in(message)
            except Refusal as refusal:
                await self._say(self._error(refusal))
            else:
                if token is not None:
                    return token
                await self._say(self._error(Refusal(UNAUTHENTICATED, SAY_WHO)))
        raise Left

    async def _hear(self) -> Message:
        """What the routes hear: all but tokens; when its time is over, that the client left."""
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        while True:
            message = await self._next()
            try:
                token = token_in(message)
                if token is None:
                    return message
                await self._prolong(token)
            except Refusal as refusal:
                await self._say(self._error(refusal))

    async def _next(self) -> Message:
        if self._access.bearers is None:
            return await self._receive()
        heard = asyncio.ensure_future(self._receive())
        ends: list[asyncio.Future[Any]] = [heard, self._over]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return heard.result() if heard.done() and not self._over.done() else LEFT
        finally:
            heard.cancel()

    async def _tell(self, message: Message) -> None:
        """What the routes say: nothing after the end, and `accept` once."""
        if self._over.done():
            return
        if message["type"] == "websocket.accept":
            await self._accept()
        else:
            await self._send(message)

    async def _accept(self) -> None:
        if not self._accepted:
            self._accepted = True
            # A browser leaves when none of those it offers is chosen; the token is not one to show.
            chosen = SUBPROTOCOL if offers_subprotocol(self._scope) else None
            await self._send({"type": "websocket.accept", "subprotocol": chosen, "headers": []})

    async def _prolong(self, token: str) -> None:
        caller = await self._access.caller(self._scope, token)
        kept = self._caller.scopes & {Allows.READ, Allows.READ_ALL}
        if caller.user_id != self._caller.user_id or not caller.scopes >= kept:
            raise Refusal(
                FORBIDDEN, "The token is another user's, or allows less: open another connection."
            )
        self._let(caller)
        await self._say(_welcome(caller))

    def _let(self, caller: Caller) -> None:
        self._caller = caller
        remember(self._scope, caller)
        self._prolonged.set()

    async def _watch(self) -> None:
        """End the visit when the token does."""
        while not self._caller.expired(self._access.clock()):
            self._prolonged.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._left_s()):
                    await self._prolonged.wait()
        self._over.set_result(None)
        await self.end(expired())

    def _left_s(self) -> float | None:
        end: datetime | None = self._caller.expires_at
        if end is None:
            return None
        return min(LONGEST_SLEEP_S, (end - self._access.clock()).total_seconds())

    def _error(self, refusal: Refusal) -> dict[str, Any]:
        talks = self._scope["path"] == DIALOGUE and b"userId=" not in self._scope["query_string"]
        return {**refusal.body, "type": "error"} if talks else refusal.body

    async def _say(self, body: dict[str, Any]) -> None:
        # Whoever has left is heard to have left, and is told nothing.
        with suppress(OSError):
            await self._send({"type": "websocket.send", "text": exact.write(body).decode()})


def _welcome(caller: Caller) -> dict[str, Any]:
    return {
        "type": "authenticated",
        "userId": caller.user_id,
        "scopes": sorted(scope.value for scope in caller.scopes),
        "expiresAt": caller.expires_at,
    }
