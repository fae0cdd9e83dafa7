"""The routes that read orders, of both families of clients."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from api import cursor, errors, event_schemas, list_errors, schemas
from api.answers import json_answer
from api.errors import Refusal
from api.examples import of_one_order
from api.explain import explained
from api.history import Until, order_at
from api.lookup import known_form
from api.openapi import failures
from api.parts import PartsOf, parts_of
from api.placement import is_user_id
from api.ports import OrderRow, Place, Wanted
from orders.state import Status

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
LEGACY_LIMIT = 50
SEQ_DIGITS = 19

_OF_ONE_ORDER = (errors.INVALID_LOG_POSITION, *of_one_order())
_ORDER_ERRORS = failures(*_OF_ONE_ORDER)
_OF_READS = (
    errors.INVALID_LOG_POSITION,
    errors.ENGINE_BUSY,
    errors.PROJECTION_LAGGING,
    errors.PROJECTION_UNAVAILABLE,
)
_READ_ERRORS = failures(*_OF_READS)
_LIST_ERRORS = failures(
    list_errors.INVALID_LIMIT,
    list_errors.INVALID_CURSOR,
    list_errors.INVALID_STATUS,
    errors.INVALID_USER_ID,
    *_OF_READS,
)

of_one = APIRouter(tags=["orders"])
"""The routes of one order; they take the bare request."""

router = APIRouter(tags=["orders"])

_ORDER_ID = {
    "name": "orderId",
    "in": "path",
    "required": True,
    "description": "As the placement answered it.",
    "schema": {"type": "string"},
}


_AS_OF = [
    {
        "name": "asOfSeq",
        "in": "query",
        "required": False,
        "description": "A place in the feed: what came later is left out.",
        "schema": {"type": "integer", "minimum": 1},
    },
    {
        "name": "asOf",
        "in": "query",
        "required": False,
        "description": "A time of the log, with its zone: what was appended later is left out.",
        "schema": {"type": "string", "format": "date-time"},
    },
]


@router.get("/api/orders", response_model=schemas.OrderPage, responses=_LIST_ERRORS)
async def orders(
    request: Request,
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
    await parts.positions.passed(request)
    page = await parts.read_model.page(Wanted(status, user_id), limit + 1, place)
    shown = page.orders[:limit]
    view = schemas.OrderPage(
        total=page.total,
        orders=[schemas.order_view(row) for row in shown],
        next_cursor=_cursor_after(shown[-1]) if len(page.orders) > limit else None,
        timestamp=parts.clock(),
    )
    return json_answer(view)


@router.get(
    "/orders",
    response_model=list[schemas.LegacyOrder],
    responses=_READ_ERRORS,
)
async def newest_orders(request: Request, parts: PartsOf) -> Response:
    """List the newest 50 orders."""
    await parts.positions.passed(request)
    page = await parts.read_model.page(Wanted(), LEGACY_LIMIT, None)
    return json_answer([schemas.legacy_order(row) for row in page.orders])


@of_one.get(
    "/api/orders/{orderId}",
    response_model=schemas.OrderView,
    responses=failures(errors.INVALID_AS_OF, *_OF_ONE_ORDER),
    openapi_extra={"parameters": [_ORDER_ID, *_AS_OF]},
)
async def order(request: Request) -> Response:
    """Return an order as it is now. Right after its placement too, from any API process.

    With `asOfSeq` or `asOf` as it was then, folded again from its events.
    """
    parts = parts_of(request)
    until = _until(request.query_params)
    await parts.positions.passed(request)
    order_id = request.path_params["orderId"]
    if until is None:
        row = await parts.lookup.find(order_id, parts.order_rows.of)
        return json_answer(schemas.order_view(row))
    then = order_at(await parts.lookup.find(order_id, parts.read_model.events), until)
    if then is None:
        raise Refusal(errors.ORDER_NOT_FOUND, "The order was not placed yet by then.")
    return json_answer(schemas.order_view(then))


@of_one.get(
    "/api/orders/{orderId}/events",
    response_model=list[event_schemas.EventView],
    responses=_ORDER_ERRORS,
    openapi_extra={"parameters": [_ORDER_ID]},
)
async def order_events(request: Request) -> Response:
    """Return every event of an order, oldest first, also those that lost a race."""
    parts = parts_of(request)
    await parts.positions.passed(request)
    rows = await parts.lookup.find(request.path_params["orderId"], parts.read_model.events)
    return json_answer([event_schemas.event_view(row) for row in rows])


@of_one.get(
    "/api/orders/{orderId}/explain",
    response_model=event_schemas.Explanation,
    responses=_ORDER_ERRORS,
    openapi_extra={"parameters": [_ORDER_ID]},
)
async def explain(request: Request) -> Response:
    """Tell why an order went as it did: each quote, each choice, each retry, and what it cost."""
    parts = parts_of(request)
    await parts.positions.passed(request)
    order_id = known_form(request.path_params["orderId"])
    rows = await parts.lookup.find(order_id, parts.read_model.events)
    return json_answer(event_schemas.explanation(order_id, explained(rows)))


def _until(query: QueryParams) -> Until | None:
    match query.get("asOfSeq"), query.get("asOf"):
        case None, None:
            return None
        case str(seq), None if seq.isdecimal() and len(seq) < SEQ_DIGITS:
            return Until(seq=int(seq))
        case None, str(at):
            return Until(appended_at=_moment(at))
        case _:
            raise Refusal(errors.INVALID_AS_OF)


def _moment(text: str) -> datetime:
    # In a query a + that was not escaped arrives as a blank.
    with suppress(ValueError):
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is not None:
            return moment
    raise Refusal(errors.INVALID_AS_OF, field="asOf")


def _place_of(text: str | None) -> Place | None:
    if text is None:
        return None
    place = cursor.decode(text)
    if place is None:
        raise Refusal(list_errors.INVALID_CURSOR)
    return place


def _cursor_after(row: OrderRow) -> str:
    return cursor.encode(Place(row.created_at, row.order_id))
