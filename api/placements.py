"""The routes that place orders, of both families of clients."""

from dataclasses import replace
from typing import get_args

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api import client_ids, errors, positions, schemas
from api.answers import json_answer
from api.body import json_object
from api.errors import Refusal
from api.examples import of_placement
from api.openapi import failures, replay, takes
from api.parts import Parts, parts_of
from api.placement import EXECUTE, FAULTS_HEADER, LEGACY, Form, Wish, market_order
from api.repeats import Placed
from orders.values import Fault

EXECUTE_PATH = "/api/orders/execute"
MAX_FAULTS = 8
REPLAYED = {"Idempotent-Replayed": "true"}

router = APIRouter(tags=["orders"])
"""Its routes take the bare request."""

_FAULTS = {
    "name": FAULTS_HEADER,
    "in": "header",
    "required": False,
    "description": "Simulation only: the fault of attempt 1, 2, 3 …, separated by commas, "
    f"`-` for none. One of {', '.join(get_args(Fault))}.",
    "schema": {"type": "string"},
}
_CLIENT_ORDER_ID = {
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
    response_model=schemas.Accepted,
    responses={**replay(schemas.Accepted), **failures(*of_placement(EXECUTE))},
    openapi_extra=takes(schemas.ExecuteRequest, _CLIENT_ORDER_ID, _FAULTS),
)
async def execute(request: Request) -> Response:
    """Place a market order. 202 means that it is in the log and will be executed."""
    placed = await _place(request, EXECUTE)
    order_id = placed.order_id
    view = schemas.Accepted(order_id=order_id, websocket_url=f"/ws/{order_id}")
    return _answer(view, placed, 202)


@router.post(
    "/orders",
    status_code=201,
    response_model=schemas.Received,
    responses={**replay(schemas.Received), **failures(*of_placement(LEGACY))},
    openapi_extra=takes(schemas.LegacyRequest, _CLIENT_ORDER_ID, _FAULTS),
)
async def receive(request: Request) -> Response:
    """Place a market order. 201 means that it is in the log and will be executed."""
    placed = await _place(request, LEGACY)
    return _answer(schemas.Received(order_id=placed.order_id), placed, 201)


def _answer(view: BaseModel, placed: Placed, status: int) -> Response:
    headers = {positions.HEADER: positions.encode(placed.position)}
    if placed.replayed:
        return json_answer(view, 200, headers | REPLAYED)
    return json_answer(view, status, headers)


async def _place(request: Request, form: Form) -> Placed:
    parts = parts_of(request)
    document = await json_object(request)
    wish = market_order(document, form)
    faults = request.headers.get(FAULTS_HEADER)
    if faults is not None:
        wish = _with_faults(wish, faults, parts)
    wish = client_ids.named(wish, document, request.headers)
    if wish.order_id is None:
        written = await parts.placing.place(wish, request.state.request_id)
        return Placed(written.event.order_id, written.position)
    return await parts.repeats.place(wish, wish.order_id, request.state.request_id)


def _with_faults(wish: Wish, faults: str, parts: Parts) -> Wish:
    if not parts.settings.fault_injection:
        raise Refusal(errors.FAULTS_DISABLED)
    names = [name.strip() for name in faults.split(",")]
    known = {"-": None, **{fault: fault for fault in get_args(Fault)}}
    if len(names) > MAX_FAULTS or not known.keys() >= set(names):
        raise Refusal(errors.INVALID_FAULTS)
    terms = replace(wish.terms, faults=tuple(known[name] for name in names))
    return replace(wish, terms=terms)
