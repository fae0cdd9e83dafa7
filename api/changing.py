"""The routes that cancel and amend orders: they ask, and the worker of the order answers."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import changing_errors, errors, list_errors, placing_errors, positions, schemas
from api.amending import amended, answered, deadline, require_resting, version_of
from api.answers import json_answer
from api.body import json_object
from api.callers import caller_of
from api.cancelling import Cancelling, choice_of, ended
from api.changing_schemas import Amendment, CancelAnswer, CancelRequest
from api.conditions import require_to_come
from api.examples import of_body, of_one_order
from api.history import events_of, order_of, row_of
from api.lookup import known_form
from api.openapi import failures, takes
from api.orders import ORDER_ID
from api.parts import Parts, parts_of
from api.ports import ReadModelAway
from api.rows import OrderRow
from api.wishing import Asker, Wished
from api.words import FINAL

ORDER_PATH = "/api/orders/{orderId}"
CANCEL_PATH = "/api/orders/cancel"

of_one = APIRouter(tags=["orders"])
of_many = APIRouter(tags=["orders"])
"""Their routes take the bare request."""

_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The `version` of the order that you saw.",
    "schema": {"type": "string", "pattern": r'^(W/)?"?[1-9][0-9]{0,8}"?$'},
    "example": "2",
}
_OF_TERMS = (
    placing_errors.INVALID_TARGET_PRICE,
    placing_errors.MISPLACED_CONDITION,
    placing_errors.INVALID_SLIPPAGE_TYPE,
    placing_errors.INVALID_SLIPPAGE_RANGE,
    placing_errors.INVALID_EXPIRES_AT,
    placing_errors.INVALID_AMOUNT_TYPE,
    placing_errors.INVALID_AMOUNT,
)
_ACCEPTED = {
    "model": schemas.OrderView,
    "description": "It is asked for, and not answered yet: follow the order.",
}


@of_one.delete(
    ORDER_PATH,
    status_code=202,
    response_model=schemas.OrderView,
    responses=failures(changing_errors.ORDER_FINAL, *of_one_order()),
    openapi_extra={"parameters": [ORDER_ID]},
)
async def cancel(request: Request) -> Response:
    """Ask to cancel an order; whatever was asked already is not asked again.

    While it is tried at a venue, the outcome comes first: a fill completes the order, and what
    traded nothing lets it be cancelled.
    """
    parts, caller = parts_of(request), caller_of(request)
    row = await parts.lookup.find(request.path_params["orderId"], parts.order_rows.of)
    caller.require_changes(row.user_id)
    if row.status in FINAL:
        raise ended(row)
    if row.cancel_requested:
        return json_answer(schemas.order_view(row), 202)
    with parts.wishing.slots:
        wished = await parts.wishing.cancel(row.order_id, asker_of(request))
        row = await _read_again(parts, replace(row, cancel_requested=True), wished, deadline())
    return json_answer(schemas.order_view(row), 202, _place(wished))


@of_one.patch(
    ORDER_PATH,
    response_model=schemas.OrderView,
    responses={
        202: _ACCEPTED,
        **failures(
            changing_errors.ORDER_FINAL,
            changing_errors.ORDER_NOT_RESTING,
            changing_errors.TOO_MANY_AMENDMENTS,
            changing_errors.VERSION_MISMATCH,
            changing_errors.MISSING_IF_MATCH,
            changing_errors.INVALID_IF_MATCH,
            changing_errors.INVALID_AMENDMENT,
            *_OF_TERMS,
            *of_body(),
            *of_one_order(),
        ),
    },
    openapi_extra=takes(Amendment, ORDER_ID, _IF_MATCH),
)
async def amend(request: Request) -> Response:
    """Give a resting order other terms: 200 once it has them, 202 when that is not certain in 2 s.

    `If-Match` names the version that you saw: 412 when the order has changed since, 409 when it
    does not rest any more.
    """
    parts, caller = parts_of(request), caller_of(request)
    seen_version = version_of(request.headers.get("if-match"))
    document = await json_object(request)
    order_id = known_form(request.path_params["orderId"])
    owner = await parts.lookup.find(order_id, parts.order_rows.of)
    caller.require_changes(owner.user_id)
    with parts.wishing.slots, parts.feed.hub.follow_order(order_id) as subscription:
        await parts.feed.attached()
        events = [
            event
            for _, event in events_of(await parts.lookup.find(order_id, parts.read_model.events))
        ]
        order = order_of(events)
        row, terms = row_of(order), order.placement.terms
        require_resting(row, seen_version)
        wanted = amended(terms, document)
        if wanted.expires_at != terms.expires_at:
            require_to_come(wanted.expires_at, parts.clock())
        if wanted == terms and row.version == seen_version:
            return json_answer(schemas.order_view(row))
        parts.wishing.require_room(order, events)
        wished = await parts.wishing.amend(order_id, seen_version, wanted, asker_of(request))
        until = deadline()
        now = await answered(subscription, wished.wish_id, until)
        if now is not None:
            return json_answer(schemas.order_view(now), 200, _place(wished))
        row = await _read_again(parts, row, wished, until)
    return json_answer(schemas.order_view(row), 202, _place(wished))


@of_many.post(
    CANCEL_PATH,
    status_code=207,
    response_model=CancelAnswer,
    responses=failures(
        changing_errors.INVALID_CANCEL,
        errors.FORBIDDEN,
        errors.INVALID_USER_ID,
        placing_errors.INVALID_ORDER_TYPE,
        list_errors.INVALID_PAIR,
        *of_body(),
        errors.INVALID_LOG_POSITION,
        errors.ENGINE_BUSY,
        errors.PROJECTION_LAGGING,
        errors.PROJECTION_UNAVAILABLE,
    ),
    openapi_extra=takes(CancelRequest),
)
async def cancel_many(request: Request) -> Response:
    """Ask to cancel many orders, at most 500 at once; each is answered as alone.

    What was asked already is not asked again: of `userId` and `all` it is left out.
    """
    parts, caller = parts_of(request), caller_of(request)
    choice = choice_of(await json_object(request), caller)
    await parts.positions.passed(request)
    with parts.wishing.slots:
        cancelling = Cancelling(parts, caller, asker_of(request))
        answer = await cancelling.run(choice)
    written = cancelling.written
    told = {positions.HEADER: positions.encode(*written)} if written else {}
    return json_answer(answer, 207, told)


def asker_of(request: Request) -> Asker:
    """Return who asks."""
    return Asker(caller_of(request).user_id, request.state.request_id)


async def _read_again(parts: Parts, row: OrderRow, wished: Wished, until: float) -> OrderRow:
    """Return the order with what was asked, or as it was when that cannot be read in time."""
    place, patience = wished.position, parts.settings.read_patience.total_seconds()
    with suppress(ReadModelAway, TimeoutError):
        async with asyncio.timeout_at(until):
            if await parts.feed.progress.reached(place.partition, place.offset + 1, patience):
                return (await parts.order_rows.of(row.order_id)).found or row
    return row


def _place(wished: Wished) -> dict[str, str]:
    return {positions.HEADER: positions.encode(wished.position)}
