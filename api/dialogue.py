"""One client of `WS /ws`: what it asks for, what it is told, and how it ends."""

import asyncio
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from api import errors, exact, frames
from api.beats import PERIOD_S, said
from api.callers import caller_of
from api.errors import Refusal
from api.following import Following
from api.hub import Closing
from api.outbox import Outbox
from api.owners import require_own
from api.parts import Parts
from api.ports import ReadModelAway
from api.scopes import Scope
from api.watching import Watching

MOST_SUBSCRIPTIONS = 100
LAST_WORDS_S = 2.0


class Dialogue:
    """A socket, its subscriptions, and the messages on their way to it."""

    def __init__(self, socket: WebSocket, parts: Parts) -> None:
        self._socket = socket
        self._parts = parts
        self._outbox = Outbox(parts.settings.feed_buffer)
        self._ended: asyncio.Future[Closing] = asyncio.get_running_loop().create_future()
        self._followings: dict[int | str, tuple[Following | Watching, asyncio.Task[None]]] = {}

    async def run(self) -> int | None:
        """Talk until the client leaves (None) or has to; return the close code.

        Raises what nobody foresaw.
        """
        tasks = [asyncio.create_task(work) for work in (self._listen(), self._send())]
        ends: list[asyncio.Future[Any]] = [*tasks, self._ended]
        tasks.append(asyncio.create_task(self._greet()))
        try:
            with self._parts.beats.felt_by(self):
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks += [task for _, task in self._followings.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()):
                raise error
        return await self._leave(self._ended.result()) if self._ended.done() else None

    def end(self, why: Closing) -> None:
        """Let the client go, with the place at which it can resume."""
        if not self._ended.done():
            self._ended.set_result(why)

    def beat(self, text: str) -> None:
        """Say a heartbeat."""
        self._put(text)

    async def _listen(self) -> None:
        while (message := await self._socket.receive())["type"] != "websocket.disconnect":
            try:
                frame = frames.read(message.get("text") or "")
                if isinstance(frame, frames.Subscribe):
                    await self._pay(frame)
                self._hear(frame)
            except Refusal as refusal:
                self._say({**refusal.body, "type": "error"})

    async def _pay(self, wish: frames.Subscribe) -> None:
        """A subscription reads the tables, as a request does: it counts as one."""
        socket = self._socket
        try:
            await self._parts.access.pay(socket.scope, caller_of(socket), Scope.READ)
        except Refusal as refusal:
            refusal.more["id"] = wish.id
            raise

    def _hear(self, frame: frames.Subscribe | frames.Unsubscribe | frames.Ping) -> None:
        match frame:
            case frames.Subscribe():
                self._subscribe(frame)
            case frames.Unsubscribe():
                self._unsubscribe(frame)
            case frames.Ping():
                self._say({"type": "pong", "id": frame.id})

    def _subscribe(self, wish: frames.Subscribe) -> None:
        if wish.id in self._followings:
            raise Refusal(errors.SUBSCRIPTION_EXISTS, id=wish.id)
        if len(self._followings) >= MOST_SUBSCRIPTIONS:
            raise Refusal(errors.TOO_MANY_SUBSCRIPTIONS, id=wish.id)
        following = self._following(wish)
        self._followings[wish.id] = following, asyncio.create_task(self._follow(following))

    def _following(self, wish: frames.Subscribe) -> Following | Watching:
        parts = self._parts
        if wish.filter.market:
            self._require_pair(wish)
            return Watching(wish, parts.market, self._outbox, self.end)
        wish = self._narrowed(wish)
        return Following(wish, parts.feed, parts.read_model, self._outbox, self.end)

    def _require_pair(self, wish: frames.Subscribe) -> None:
        try:
            if wish.filter.pair is not None:
                self._parts.listed.require_pair(wish.filter.pair)
        except Refusal as refusal:
            refusal.more["id"] = wish.id
            raise

    def _narrowed(self, wish: frames.Subscribe) -> frames.Subscribe:
        """The wish for what the client may see."""
        wanted = wish.filter
        try:
            whose = caller_of(self._socket).whose(wanted.user_id)
        except Refusal as refusal:
            refusal.more["id"] = wish.id
            raise
        if whose == wanted.user_id:
            return wish
        own = wanted.model_copy(update={"user_id": whose, "all": False})
        return wish.model_copy(update={"filter": own})

    async def _permit(self, wish: frames.Subscribe) -> None:
        if wish.filter.order_id is not None:
            await require_own(self._socket, wish.filter.order_id)

    async def _follow(self, following: Following | Watching) -> None:
        try:
            await following.run(self._permit)
        except Exception:
            # What nobody foresaw ends the whole talk: `run` raises it.
            self._ended.cancel()
            raise
        # It ended by itself, which the client was told: its id is free again.
        del self._followings[following.wish.id]

    def _unsubscribe(self, wish: frames.Unsubscribe) -> None:
        if wish.id not in self._followings:
            raise Refusal(errors.NO_SUBSCRIPTION, id=wish.id)
        _, task = self._followings.pop(wish.id)
        task.cancel()
        self._say({"type": "unsubscribed", "id": wish.id})

    async def _send(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                text, sent = await self._outbox.take()
                await self._socket.send_text(text)
                sent()

    async def _greet(self) -> None:
        while True:
            with suppress(ReadModelAway):
                now = await self._parts.beats.head()
                return self._put(said("hello", now, heartbeatSeconds=round(PERIOD_S)))
            await asyncio.sleep(PERIOD_S)

    def _say(self, body: dict[str, Any]) -> None:
        self._put(exact.write(body).decode())

    def _put(self, text: str) -> None:
        if not self._outbox.put(text):
            self.end(Closing.TOO_SLOW)

    async def _leave(self, why: Closing) -> int:
        kind = "slowConsumer" if why is Closing.TOO_SLOW else "goingAway"
        resume = [
            following.resume
            for following, _ in self._followings.values()
            if isinstance(following, Following)
        ]
        last = exact.write({"type": kind, "resume": resume}).decode()
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._socket.send_text(last)
        return why
