"""Stands before every route: finds out who asks, and whether they are let in."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.callers import ANYBODY, Caller, remember
from api.credentials import required_token
from api.crowd import Crowd
from api.errors import Refusal, answer
from api.origins import Origins
from api.rates import Rates, Standing, payer
from api.scopes import Scope as Allows
from api.scopes import needed

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Judge(Protocol):
    """Judges tokens."""

    async def caller(self, token: str) -> Caller:
        """Return who bears the token. Raises `Refusal`."""
        ...

    async def run(self) -> None:
        """See to the keys until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """Who may, and how much; without bearers everybody may all."""

    bearers: Judge | None
    rates: Rates
    crowd: Crowd
    clock: Callable[[], datetime]
    origins: Origins

    async def run(self) -> None:
        """See to what is counted and to the keys until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.crowd.run())
            if self.bearers is not None:
                tasks.create_task(self.bearers.run())

    async def admit(self, scope: Scope) -> Standing | None:
        """Let a request in and return what is left of its limit. Raises `Refusal`."""
        allows = needed(scope["method"], scope["path"])
        if allows is None:
            return None
        if scope["method"] not in SAFE:
            self.origins.require(scope)
        caller = await self.caller(scope)
        remember(scope, caller)
        standing = await self.pay(scope, caller, allows)
        caller.require(allows)
        return standing

    async def caller(self, scope: Scope, token: str | None = None) -> Caller:
        """Return whose token this is, else whose the connection carries. Raises `Refusal`."""
        if self.bearers is None:
            return ANYBODY
        try:
            return await self.bearers.caller(token or required_token(scope))
        except Refusal:
            # Whoever guesses pays for it by the address.
            await self.pay(scope, ANYBODY, Allows.READ)
            raise

    async def pay(
        self, scope: Scope, caller: Caller, allows: Allows, cost: int = 1, paid: int = 0
    ) -> Standing | None:
        """Count what a connection asks for; return what is left, if known. Raises `Refusal`."""
        if not self.rates.limited(allows):
            return None
        return await self.rates.spend(allows, payer(caller, scope["client"]), cost, paid)


def access_of(scope: Scope) -> Access:
    """Return who may use the application that serves this connection."""
    access: Access = scope["app"].state.parts.access
    return access


class Guard:
    """Admits each request; a WebSocket it shows to the door."""

    def __init__(self, app: ASGIApp, door: Callable[[ASGIApp], ASGIApp]) -> None:
        self._app = app
        self._door = door(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a connection in, or answer why not."""
        if scope["type"] == "websocket":
            return await self._door(scope, receive, send)
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            standing = await access_of(scope).admit(scope)
        except Refusal as refusal:
            return await answer(refusal, scope)(scope, receive, send)
        if standing is None:
            return await self._app(scope, receive, send)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in standing.headers.items():
                    # A route that costs more has told what is left after that.
                    headers.setdefault(name, value)
            await send(message)

        return await self._app(scope, receive, told)
