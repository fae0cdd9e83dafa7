"""The route of the feed over HTTP: server-sent events, or a JSON document on each line."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractContextManager, aclosing
from datetime import datetime
from typing import Annotated, get_args

from fastapi import APIRouter, Header, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api import errors, event_schemas
from api.callers import Caller, caller_of
from api.errors import Refusal
from api.lookup import known_form
from api.openapi import Responses, failures
from api.owners import require_own
from api.parts import PartsOf
from api.placement import is_user_id
from api.ports import LAST_SEQ, Picked
from api.records import Piece
from api.streams import EPOCH, Stretch
from orders.events import AnyOrderEvent

NDJSON = "application/x-ndjson"
SSE = "text/event-stream"
TYPES = frozenset(kind.__name__ for kind in get_args(get_args(AnyOrderEvent)[0]))
_EVENT_ID = re.compile(r"([0-9a-f-]{36}):(\d{1,18})")

router = APIRouter(tags=["feeds"])

Seq = Annotated[int | None, Query(ge=0, le=LAST_SEQ)]
_HEAD = {"headSeq": {"type": "integer"}, "epoch": {"type": "string"}}
_HEARTBEAT = {"type": "object", "required": list(_HEAD), "properties": _HEAD}
_RECORD = {"anyOf": [event_schemas.FeedRecord.model_json_schema(), _HEARTBEAT]}
_EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "id": {"type": "string", "description": "epoch:seq"},
        "event": {"type": "string", "enum": ["message", "heartbeat"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": _RECORD,
        },
    },
}
_RESPONSES: Responses = {
    200: {
        "description": "Records by `seq`; `id` is epoch:seq. While nothing happens, a heartbeat "
        "each 5 s tells the head of the feed.",
        "headers": {EPOCH: {"schema": {"type": "string"}, "description": "Of the `seq` told."}},
        "content": {
            SSE: {"schema": _EVENT},
            NDJSON: {"schema": _RECORD},
        },
    },
    **failures(
        errors.INVALID_SEQ,
        errors.INVALID_TYPES,
        errors.INVALID_USER_ID,
        errors.INVALID_EVENT_ID,
        errors.INVALID_LOG_POSITION,
        errors.ORDER_NOT_FOUND,
        errors.EPOCH_CHANGED,
        errors.ENGINE_BUSY,
        errors.PROJECTION_LAGGING,
        errors.PROJECTION_UNAVAILABLE,
    ),
}


class Stream(StreamingResponse):
    """A long answer that holds one of the process's places for such."""

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        media_type: str,
        epoch: str,
        held: AbstractContextManager[None],
    ) -> None:
        headers = {"Cache-Control": "no-store", EPOCH: epoch}
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it until its end, or until the client leaves."""
        with self._held:
            await super().__call__(scope, receive, send)


@router.get("/api/events", responses=_RESPONSES, response_class=Response)
async def events(  # noqa: PLR0913  (one argument for each parameter)
    request: Request,
    parts: PartsOf,
    *,
    from_seq: Annotated[Seq, Query(alias="fromSeq", description="The first.")] = None,
    to_seq: Annotated[Seq, Query(alias="toSeq", description="The last.")] = None,
    order_id: Annotated[str | None, Query(alias="orderId")] = None,
    user_id: Annotated[str | None, Query(alias="userId")] = None,
    types: Annotated[str | None, Query(description="Such as OrderExecuted,OrderFailed.")] = None,
    superseded: Annotated[bool, Query(description="Also what lost a race.")] = False,
    follow: Annotated[bool, Query(description="Go on as events come.")] = False,
    epoch: Annotated[str | None, Query(description="Of the seq that are named.")] = None,
    last_event_id: Annotated[str | None, Header(description="Resume after it.")] = None,
) -> Response:
    """Read the feed from any place on: to its end, or without end.

    Server-sent events; with `Accept: application/x-ndjson` a record on each line. Whoever resumes
    names the epoch its `seq` is of, with `Last-Event-ID` or `epoch`; in another one it is told so.
    """
    caller = caller_of(request)
    last_epoch, after = _resumed(last_event_id, from_seq)
    await parts.positions.passed(request)
    if order_id is not None:
        await require_own(request, known_form(order_id))
    picked = Picked(
        order_id=None if order_id is None else known_form(order_id),
        user_id=caller.whose(_user(user_id)),
        types=_types(types),
        superseded=superseded,
    )
    opened = await parts.streams.open(Stretch(picked, after, to_seq, follow, last_epoch or epoch))
    pieces = opened.pieces
    if follow:
        pieces = _while_let_in(pieces, caller, parts.clock)
    held = parts.long_answers.held_by(caller.user_id)
    if NDJSON in request.headers.get("accept", ""):
        return Stream(_written(pieces, _as_lines), NDJSON, opened.epoch, held)
    return Stream(_written(pieces, _as_sse), SSE, opened.epoch, held)


def _resumed(last_event_id: str | None, from_seq: int | None) -> tuple[str | None, int]:
    if last_event_id is None:
        return None, max(0, (from_seq or 1) - 1)
    found = _EVENT_ID.fullmatch(last_event_id)
    if found is None:
        raise Refusal(errors.INVALID_EVENT_ID)
    return found[1], int(found[2])


def _user(user_id: str | None) -> str | None:
    if user_id is not None and not is_user_id(user_id):
        raise Refusal(errors.INVALID_USER_ID)
    return user_id


def _types(text: str | None) -> tuple[str, ...]:
    names = tuple(text.split(",")) if text is not None else ()
    if not set(names) <= TYPES:
        raise Refusal(errors.INVALID_TYPES)
    return names


async def _while_let_in(
    pieces: AsyncGenerator[Piece, None], caller: Caller, clock: Callable[[], datetime]
) -> AsyncGenerator[Piece, None]:
    """End with the caller's token; heartbeats see to it that this is noticed in time."""
    async with aclosing(pieces):
        async for piece in pieces:
            if caller.expired(clock()):
                return
            yield piece


async def _written(
    pieces: AsyncGenerator[Piece, None], write: Callable[[Piece], str]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        async for piece in pieces:
            yield write(piece).encode()


def _as_lines(piece: Piece) -> str:
    if not piece.records:
        return f'{{"type":"heartbeat","headSeq":{piece.head},"epoch":"{piece.epoch}"}}\n'
    return "".join(f"{one.text}\n" for one in piece.records)


def _as_sse(piece: Piece) -> str:
    if not piece.records:
        told = f'{{"headSeq":{piece.head},"epoch":"{piece.epoch}"}}'
        return f"event: heartbeat\ndata: {told}\n\n"
    epoch = piece.epoch
    return "".join(f"id: {epoch}:{one.seq}\ndata: {one.text}\n\n" for one in piece.records)
