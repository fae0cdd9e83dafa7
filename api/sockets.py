"""The WebSocket feeds: of one order, and of all orders of a user."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from api import errors, exact, resumed
from api.callers import Caller, caller_of
from api.dialogue import Dialogue
from api.errors import Refusal
from api.hub import Subscription
from api.lookup import known_form
from api.messages import Message, order_message, state_of, user_message
from api.parts import Parts, parts_of
from api.placement import is_user_id
from api.ports import Picked, ReadModelAway
from api.resumed import Past
from api.words import FINAL

NORMAL = 1000
BROKEN = 1011
TRY_LATER = 1013
CLOSE_TIMEOUT_S = 30.0
"""A client that reads nothing any more has so long to take what is under way and the close."""


async def follow_order(socket: WebSocket) -> None:
    """Tell the order's present state at once, then each change, until the final one.

    With a fromVersion tell each change from that version on instead.
    """
    parts = parts_of(socket)
    await socket.accept()
    try:
        order_id = known_form(socket.path_params["orderId"])
        begin = resumed.place(socket.query_params.get("fromVersion"), errors.INVALID_VERSION)
    except Refusal as refusal:
        return await _refuse(socket, refusal)
    caller = caller_of(socket)
    with parts.feed.hub.follow_order(order_id) as subscription:
        if begin is None:
            story = _story_of_order(parts, order_id, subscription, caller)
        else:
            story = resumed.story_of_order(parts, order_id, begin, subscription, caller)
        return await _serve(socket, subscription, story)


async def follow_user(socket: WebSocket) -> None:
    """Tell each change of the user's orders from the moment the connection stands.

    With a fromSeq from that place of the feed on. Without a userId talk with the client: it
    subscribes to what it wants.
    """
    parts, user_id = parts_of(socket), socket.query_params.get("userId")
    if user_id is None:
        return await _talk(socket, parts)
    if not is_user_id(user_id):
        kind = errors.INVALID_USER_ID if user_id else errors.MISSING_USER_ID
        await socket.accept()
        return await _refuse(socket, Refusal(kind))
    try:
        caller_of(socket).whose(user_id)
    except Refusal as refusal:
        await socket.accept()
        return await _refuse(socket, refusal)
    if "fromSeq" in socket.query_params:
        return await _resume_user(socket, parts, user_id)
    with parts.feed.hub.follow_user(user_id) as subscription:
        try:
            await parts.feed.attached()
        except ReadModelAway:
            await socket.accept()
            return await _refuse(socket, Refusal(errors.PROJECTION_UNAVAILABLE))
        await socket.accept()
        return await _serve(socket, subscription, _story_of_user(subscription))


async def _resume_user(socket: WebSocket, parts: Parts, user_id: str) -> None:
    await socket.accept()
    asked = socket.query_params
    try:
        begin = resumed.place(asked.get("fromSeq"), errors.INVALID_SEQ) or 1
    except Refusal as refusal:
        return await _refuse(socket, refusal)
    subscription = Subscription(parts.settings.feed_buffer)
    past = Past(parts.read_model, Picked(user_id=user_id), begin - 1, asked.get("epoch"))
    story = resumed.story_of_user(parts, user_id, past, subscription)
    return await _serve(socket, subscription, story)


async def _talk(socket: WebSocket, parts: Parts) -> None:
    await socket.accept()
    code: int | None = BROKEN
    try:
        dialogue = Dialogue(socket, parts)
        with parts.feed.hub.talking(dialogue):
            code = await dialogue.run()
    finally:
        if code is not None:
            await _close(socket, code)


async def follow_nothing(socket: WebSocket) -> None:
    """Tell in the form of every other refusal that there is nothing at this path."""
    await socket.accept()
    await _refuse(socket, Refusal(errors.ROUTE_NOT_FOUND))


async def _story_of_order(
    parts: Parts, order_id: str, subscription: Subscription, caller: Caller
) -> AsyncGenerator[Message, None]:
    await parts.feed.attached()
    row = await parts.lookup.find(order_id, parts.order_rows.of)
    caller.require_sees(row.user_id)
    yield state_of(row)
    status, version = row.status, row.version
    while status not in FINAL:
        change = await subscription.next()
        if change.version > version:
            status, version = change.status, change.version
            yield order_message(change)


async def _story_of_user(subscription: Subscription) -> AsyncGenerator[Message, None]:
    while True:
        message = user_message(await subscription.next())
        if message is not None:
            yield message


async def _serve(
    socket: WebSocket, subscription: Subscription, story: AsyncGenerator[Message, None]
) -> None:
    """Tell the story until it ends, the client leaves, or the subscription is ended."""
    telling = asyncio.create_task(_tell_all(socket, story))
    leaving = asyncio.create_task(_left(socket))
    try:
        ends: list[asyncio.Future[Any]] = [telling, leaving, subscription.ended]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (telling, leaving):
            task.cancel()
        told, left = await asyncio.gather(telling, leaving, return_exceptions=True)
    if not isinstance(left, asyncio.CancelledError) or isinstance(told, WebSocketDisconnect):
        return
    if isinstance(told, asyncio.CancelledError):
        await _close(socket, subscription.ended.result())
    elif isinstance(told, BaseException):
        await _close(socket, BROKEN)
        raise told
    else:
        await _close(socket, told)


async def _tell_all(socket: WebSocket, story: AsyncGenerator[Message, None]) -> int:
    try:
        async with aclosing(story):
            async for message in story:
                await socket.send_text(exact.write(message).decode())
    except Refusal as refusal:
        return await _tell(socket, refusal)
    except ReadModelAway:
        return await _tell(socket, Refusal(errors.PROJECTION_UNAVAILABLE))
    return NORMAL


async def _tell(socket: WebSocket, refusal: Refusal) -> int:
    await socket.send_text(exact.write(refusal.body).decode())
    status = refusal.kind.status
    return TRY_LATER if status == 503 else 4000 + status


async def _refuse(socket: WebSocket, refusal: Refusal) -> None:
    with suppress(WebSocketDisconnect):
        await _close(socket, await _tell(socket, refusal))


async def _left(socket: WebSocket) -> None:
    """Wait until the client is gone; what it sends is not listened to."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _close(socket: WebSocket, code: int) -> None:
    with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await socket.close(code)


ROUTES = [
    WebSocketRoute("/ws/{orderId}", follow_order),
    WebSocketRoute("/ws", follow_user),
    WebSocketRoute("/{path:path}", follow_nothing),
]
"""They take the bare socket: what FastAPI keeps for each was a tenth of what an idle one needs."""
