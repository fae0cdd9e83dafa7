"""The routes that list orders, of both families of clients."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from api import cursor, errors, list_errors, placing_errors, schemas
from api.answers import json_answer
from api.callers import caller_of
from api.errors import Refusal
from api.list_filters import PARAMETERS, wanted_of
from api.openapi import failures
from api.parts import PartsOf
from api.selection import Place, Wanted

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
LEGACY_LIMIT = 50

_OF_READS = (
    errors.INVALID_LOG_POSITION,
    errors.ENGINE_BUSY,
    errors.PROJECTION_LAGGING,
    errors.PROJECTION_UNAVAILABLE,
)
_READ_ERRORS = failures(*_OF_READS)
_OF_FILTERS = (errors.INVALID_USER_ID, placing_errors.INVALID_CLIENT_ORDER_ID)
_LIST_ERRORS = failures(*list_errors.ALL, *_OF_FILTERS, *_OF_READS)

router = APIRouter(tags=["orders"])


@router.get(
    "/api/orders",
    response_model=schemas.OrderPage,
    responses=_LIST_ERRORS,
    openapi_extra={"parameters": PARAMETERS},
)
async def orders(
    request: Request,
    parts: PartsOf,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    after: Annotated[str | None, Query(alias="cursor", description="Of the last page.")] = None,
) -> Response:
    """List orders, newest first. Pages neither repeat nor skip an order while new ones arrive.

    Go on while there is a `nextCursor`: where few of many orders fit several filters at once, or
    are `pending` of those under way, a page may hold fewer than it could, or none.
    """
    wanted = wanted_of(_joined(request.query_params))
    wanted = replace(wanted, user_id=caller_of(request).whose(wanted.user_id))
    place = _place_of(after, wanted)
    await parts.positions.passed(request)
    page = await parts.read_model.page(wanted, limit, place)
    view = schemas.OrderPage(
        total=page.total,
        orders=[schemas.order_view(row) for row in page.orders],
        next_cursor=None if page.after is None else cursor.encode(page.after, wanted),
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
    mine = Wanted(user_id=caller_of(request).whose(None))
    page = await parts.read_model.page(mine, LEGACY_LIMIT, None)
    return json_answer([schemas.legacy_order(row) for row in page.orders])


def _joined(query: QueryParams) -> Mapping[str, str]:
    # A list may also be written by naming the parameter again.
    statuses = query.getlist("status")
    return {**query, "status": ",".join(statuses)} if len(statuses) > 1 else query


def _place_of(text: str | None, wanted: Wanted) -> Place | None:
    if text is None:
        return None
    place = cursor.decode(text, wanted)
    if place is None:
        raise Refusal(list_errors.INVALID_CURSOR)
    return place
