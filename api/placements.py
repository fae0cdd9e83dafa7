"""The routes that place orders, of both families of clients."""

from typing import get_args

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import client_ids, placing_errors, placing_schemas, positions
from api.answers import blank, json_answer, json_text
from api.body import json_object
from api.callers import caller_of
from api.examples import of_placement
from api.openapi import failures, replay, takes
from api.ordering import MAX_FAULTS, accepted, looked_at, only_validated, place, wish_of
from api.parts import parts_of
from api.placement import ANY_TYPE, EXECUTE, FAULTS_HEADER, LEGACY, Form
from api.repeats import Placed
from orders.values import Fault

EXECUTE_PATH = "/api/orders/execute"
REPLAYED = {"Idempotent-Replayed": "true"}

router = APIRouter(tags=["orders"])
"""Its routes take the bare request."""

_ACCEPTED = blank(accepted("{id}"), "id")
_RECEIVED = blank(placing_schemas.Received(order_id="{id}"), "id")

_FAULT = f"(-|{'|'.join(get_args(Fault))})"
FAULTS = {
    "name": FAULTS_HEADER,
    "in": "header",
    "required": False,
    "description": "Simulation only: the fault of attempt 1, 2, 3 …, separated by commas, "
    f"`-` for none. One of {', '.join(get_args(Fault))}.",
    "schema": {"type": "string", "pattern": f"^{_FAULT}( *, *{_FAULT}){{0,{MAX_FAULTS - 1}}}$"},
}
CLIENT_ORDER_ID = {
    "name": client_ids.HEADER,
    "in": "header",
    "required": False,
    "description": "Your name for the order, as `clientOrderId` in the body: with it the same "
    "request can be sent again without placing a second order. Needs a `userId`.",
    "schema": client_ids.SCHEMA,
}


@router.post(
    EXECUTE_PATH,
    status_code=202,
    response_model=placing_schemas.Accepted,
    responses={**replay(placing_schemas.Accepted), **failures(*of_placement(EXECUTE))},
    openapi_extra=takes(placing_schemas.ExecuteRequest, CLIENT_ORDER_ID, FAULTS),
)
async def execute(request: Request) -> Response:
    """Place a market order. 202 means that it is in the log and will be executed."""
    placed = await _place(request, EXECUTE)
    return _answer(_ACCEPTED, placed, 202)


@router.post(
    "/orders",
    status_code=201,
    response_model=placing_schemas.Received,
    responses={**replay(placing_schemas.Received), **failures(*of_placement(LEGACY))},
    openapi_extra=takes(placing_schemas.LegacyRequest, CLIENT_ORDER_ID, FAULTS),
)
async def receive(request: Request) -> Response:
    """Place a market order. 201 means that it is in the log and will be executed."""
    placed = await _place(request, LEGACY)
    return _answer(_RECEIVED, placed, 201)


@router.post(
    "/api/orders",
    status_code=202,
    response_model=placing_schemas.Accepted,
    responses={
        **replay(placing_schemas.Accepted, placing_schemas.Valid),
        **failures(placing_errors.INVALID_VALIDATE_ONLY, *of_placement(ANY_TYPE)),
    },
    openapi_extra=takes(placing_schemas.OrderRequest, CLIENT_ORDER_ID, FAULTS),
)
async def order(request: Request) -> Response:
    """Place an order of any type. With `validateOnly` look at it and place nothing (200)."""
    parts = parts_of(request)
    document = await json_object(request)
    only = only_validated(document)
    wish = wish_of(document, ANY_TYPE, request.headers, parts, caller_of(request))
    if only:
        return json_answer(await looked_at(wish, parts))
    placed = await place(wish, parts, request.state.request_id)
    return _answer(_ACCEPTED, placed, 202)


def _answer(text: str, placed: Placed, status: int) -> Response:
    filled = text % {"id": placed.order_id}
    headers = {positions.HEADER: positions.encode(placed.position)}
    if placed.replayed:
        return json_text(filled, 200, headers | REPLAYED)
    return json_text(filled, status, headers)


async def _place(request: Request, form: Form) -> Placed:
    parts = parts_of(request)
    document = await json_object(request)
    wish = wish_of(document, form, request.headers, parts, caller_of(request))
    return await place(wish, parts, request.state.request_id)
