"""The routes of orders, of both families of clients."""

from dataclasses import replace
from typing import Annotated, get_args

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api import cursor, errors, exact, schemas
from api.body import json_object
from api.errors import Refusal
from api.openapi import failures, takes
from api.parts import Parts, PartsOf, parts_of
from api.placement import EXECUTE, LEGACY, Form, Wish, is_user_id, market_order
from api.ports import OrderRow, Place, Wanted
from orders.state import Status
from orders.values import Fault

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
LEGACY_LIMIT = 50
MAX_FAULTS = 8
FAULTS_HEADER = "X-Simulate-Faults"

_PLACEMENT_ERRORS = failures(
    errors.MISSING_TOKEN_IN,
    errors.MISSING_TOKEN_OUT,
    errors.MISSING_AMOUNT,
    errors.INVALID_AMOUNT_TYPE,
    errors.INVALID_AMOUNT,
    errors.INVALID_SLIPPAGE_TYPE,
    errors.INVALID_SLIPPAGE_RANGE,
    errors.INVALID_TOKEN_IN,
    errors.INVALID_TOKEN_OUT,
    errors.SAME_TOKEN_SWAP,
    errors.MISSING_USER_ID,
    errors.INVALID_USER_ID,
    errors.INVALID_JSON,
    errors.INVALID_FAULTS,
    errors.FAULTS_DISABLED,
    errors.BODY_TIMEOUT,
    errors.BODY_TOO_LARGE,
    errors.LOG_UNAVAILABLE,
    errors.PLACEMENT_VOID,
    errors.ENGINE_BUSY,
)
_ORDER_ERRORS = failures(
    errors.ORDER_NOT_FOUND,
    errors.PROJECTION_LAGGING,
    errors.PROJECTION_UNAVAILABLE,
    errors.LOG_UNAVAILABLE,
    errors.ENGINE_BUSY,
)
_LIST_ERRORS = failures(
    errors.INVALID_LIMIT,
    errors.INVALID_CURSOR,
    errors.INVALID_STATUS,
    errors.INVALID_USER_ID,
    errors.PROJECTION_UNAVAILABLE,
)

router = APIRouter(tags=["orders"])

OrderIdPath = Annotated[str, Path(alias="orderId", description="As the placement answered it.")]
_FAULTS = {
    "name": FAULTS_HEADER,
    "in": "header",
    "required": False,
    "description": "Simulation only: the fault of attempt 1, 2, 3 …, separated by commas, "
    f"`-` for none. One of {', '.join(get_args(Fault))}.",
    "schema": {"type": "string"},
}


# The placements take the bare request: resolving declared parameters costs as much as the rest.
@router.post(
    "/api/orders/execute",
    status_code=202,
    response_model=schemas.Accepted,
    responses=_PLACEMENT_ERRORS,
    openapi_extra=takes(schemas.ExecuteRequest, _FAULTS),
)
async def execute(request: Request) -> Response:
    """Place a market order. 202 means that it is in the log and will be executed."""
    order_id = await _place(request, EXECUTE)
    return _json(schemas.Accepted(order_id=order_id, websocket_url=f"/ws/{order_id}"), 202)


@router.post(
    "/orders",
    status_code=201,
    response_model=schemas.Received,
    responses=_PLACEMENT_ERRORS,
    openapi_extra=takes(schemas.LegacyRequest, _FAULTS),
)
async def receive(request: Request) -> Response:
    """Place a market order. 201 means that it is in the log and will be executed."""
    order_id = await _place(request, LEGACY)
    return _json(schemas.Received(order_id=order_id), 201)


@router.get("/api/orders", response_model=schemas.OrderPage, responses=_LIST_ERRORS)
async def orders(
    parts: PartsOf,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    after: Annotated[str | None, Query(alias="cursor", description="Of the last page.")] = None,
    status: Annotated[Status | None, Query()] = None,
    user_id: Annotated[str | None, Query(alias="userId", max_length=128)] = None,
) -> Response:
    """List orders, newest first. Pages neither repeat nor skip an order while new ones arrive."""
    if user_id is not None and not is_user_id(user_id):
        raise Refusal(errors.INVALID_USER_ID)
    place = _place_of(after)
    page = await parts.read_model.page(Wanted(status, user_id), limit + 1, place)
    shown = page.orders[:limit]
    view = schemas.OrderPage(
        total=page.total,
        orders=[schemas.order_view(row) for row in shown],
        next_cursor=_cursor_after(shown[-1]) if len(page.orders) > limit else None,
        timestamp=parts.clock(),
    )
    return _json(view)


@router.get(
    "/orders",
    response_model=list[schemas.LegacyOrder],
    responses=failures(errors.PROJECTION_UNAVAILABLE),
)
async def newest_orders(parts: PartsOf) -> Response:
    """List the newest 50 orders."""
    page = await parts.read_model.page(Wanted(), LEGACY_LIMIT, None)
    return _json([schemas.legacy_order(row) for row in page.orders])


@router.get("/api/orders/{orderId}", response_model=schemas.OrderView, responses=_ORDER_ERRORS)
async def order(parts: PartsOf, order_id: OrderIdPath) -> Response:
    """Return an order as it is now. Right after its placement too, from any API process."""
    row = await parts.lookup.find(order_id, parts.read_model.order)
    return _json(schemas.order_view(row))


@router.get(
    "/api/orders/{orderId}/events",
    response_model=list[schemas.EventView],
    responses=_ORDER_ERRORS,
)
async def order_events(parts: PartsOf, order_id: OrderIdPath) -> Response:
    """Return every event of an order, oldest first, also those that lost a race."""
    rows = await parts.lookup.find(order_id, parts.read_model.events)
    return _json([schemas.event_view(row) for row in rows])


async def _place(request: Request, form: Form) -> str:
    parts = parts_of(request)
    wish = market_order(await json_object(request), form)
    faults = request.headers.get(FAULTS_HEADER)
    if faults is not None:
        wish = _with_faults(wish, faults, parts)
    return await parts.placing.place(wish, request.state.request_id)


def _with_faults(wish: Wish, faults: str, parts: Parts) -> Wish:
    if not parts.settings.fault_injection:
        raise Refusal(errors.FAULTS_DISABLED)
    names = [name.strip() for name in faults.split(",")]
    known = {"-": None, **{fault: fault for fault in get_args(Fault)}}
    if len(names) > MAX_FAULTS or not known.keys() >= set(names):
        raise Refusal(errors.INVALID_FAULTS)
    terms = replace(wish.terms, faults=tuple(known[name] for name in names))
    return Wish(wish.user_id, terms)


def _place_of(text: str | None) -> Place | None:
    if text is None:
        return None
    place = cursor.decode(text)
    if place is None:
        raise Refusal(errors.INVALID_CURSOR)
    return place


def _cursor_after(row: OrderRow) -> str:
    return cursor.encode(Place(row.created_at, row.order_id))


def _json(
    content: BaseModel | list[schemas.LegacyOrder] | list[schemas.EventView], status: int = 200
) -> Response:
    if isinstance(content, BaseModel):
        text = exact.write(content.model_dump(by_alias=True))
    else:
        text = exact.write([item.model_dump(by_alias=True) for item in content])
    return Response(text, status, media_type="application/json")
